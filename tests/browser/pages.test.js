// The pages of incfg as people meet them: in a browser, wide and narrow, dark and light, by keyboard, without scripts, on
// paper. Nothing may be loaded, nothing may fail, and axe has to be content.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { directory, hostile, makePages } from "./made.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const pictures = process.env.PICTURES;
const widths = [360, 800, 1600];
const schemes = ["light", "dark"];

const pages = makePages();
let browser;

before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  if (pictures) mkdirSync(pictures, { recursive: true });
});

after(async () => {
  await browser?.close();
  rmSync(directory, { recursive: true, force: true });
});

// Opens a page and calls `look`. A request to anything but the file, an error or a dialog fails the test.
async function open(name, options, look) {
  const context = await browser.newContext(options);
  const wrong = [];
  await context.route("**/*", (route) => {
    const url = route.request().url();
    if (url.startsWith("file:")) return route.continue();
    wrong.push(`request: ${url}`);
    return route.abort();
  });
  const page = await context.newPage();
  page.on("pageerror", (error) => wrong.push(`error: ${error}`));
  page.on("console", (message) => wrong.push(`console: ${message.text()}`));
  page.on("requestfailed", (request) => wrong.push(`failed: ${request.url()}`));
  page.on("dialog", (dialog) => {
    wrong.push(`dialog: ${dialog.message()}`);
    return dialog.dismiss();
  });
  try {
    await page.goto(pathToFileURL(join(directory, `${name}.html`)).href);
    await look(page, context);
  } finally {
    await context.close();
  }
  assert.deepEqual(wrong, [], name);
}

// Opens every fold, or closes those that were closed at first.
const fold = (page, open) =>
  page.evaluate((open) => {
    for (const one of document.querySelectorAll("details")) {
      one.dataset.first ??= String(one.open);
      one.open = open || one.dataset.first === "true";
    }
  }, open);

// A picture can be so high and no higher.
async function picture(page, name) {
  const { width } = page.viewportSize();
  const height = Math.min(await page.evaluate(() => document.documentElement.scrollHeight), 12_000);
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true, clip: { x: 0, y: 0, width, height } });
}

// What is wider than the page, by tag and class.
const tooWide = (page) =>
  page.evaluate(() => {
    const room = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= room) return [];
    const wide = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > room + 1);
    return [`${document.documentElement.scrollWidth} > ${room}`, ...wide.slice(0, 5).map((one) => `${one.tagName} ${one.className}`)];
  });

for (const name of pages) {
  test(`${name} fits every width, dark and light, and axe finds nothing`, async () => {
    await open(name, {}, async (page) => {
      await page.evaluate(axe);
      for (const width of widths) {
        await page.setViewportSize({ width, height: 900 });
        for (const colorScheme of schemes) {
          await page.emulateMedia({ colorScheme });
          assert.deepEqual(await tooWide(page), [], `${name} at ${width}`);
          if (pictures) await picture(page, `${name}-${width}-${colorScheme}`);
          await fold(page, true);
          assert.deepEqual(await tooWide(page), [], `${name} at ${width}, unfolded`);
          // Colours differ by scheme, layout by width.
          if (width === 800 || (width === 360 && colorScheme === "dark" && name !== "many")) {
            const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
            const told = violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html).join(" | ")}`);
            assert.deepEqual(told, [], `${name} at ${width}, ${colorScheme}`);
          }
          await fold(page, false);
        }
      }
    });
  });

  test(`${name} reads fully without scripts`, async () => {
    const read = async (page) => {
      await page.evaluate(() => document.querySelectorAll("button").forEach((button) => button.remove())).catch(() => {});
      return (await page.locator("main").textContent()).replace(/\s+/g, " ");
    };
    let withScripts;
    await open(name, {}, async (page) => (withScripts = await read(page)));
    await open(name, { javaScriptEnabled: false }, async (page) => {
      assert.equal(await page.locator("button").count(), 0, "no button that does nothing");
      assert.equal((await page.locator("main").textContent()).replace(/\s+/g, " "), withScripts);
      const closed = page.locator("details:not([open]) > summary").first();
      if (await closed.count()) {
        await closed.focus();
        await page.keyboard.press("Enter");
        assert.ok(await page.locator("details[open]").count(), "a fold opens by keyboard");
      }
    });
  });

  test(`${name} prints, with every fold open but those of images that are fine, and nothing to press`, async () => {
    await open(name, { colorScheme: "dark" }, async (page) => {
      await page.emulateMedia({ media: "print", colorScheme: "dark" });
      const seen = await page.evaluate(() => {
        const shown = (one) => one.checkVisibility();
        const all = (selector) => [...document.querySelectorAll(selector)];
        return {
          ground: getComputedStyle(document.body).backgroundColor,
          buttons: all("button, nav").filter(shown).length,
          folded: all("details ol.lines").filter((lines) => !shown(lines) && !lines.closest(".images .good")).length,
          unproven: all("details ol.lines .here").filter((line) => !shown(line) && !line.closest(".images .good")).length,
          unnamed: all(".images .good summary").filter((places) => !shown(places)).length,
        };
      });
      assert.deepEqual(seen, { ground: "rgb(255, 255, 255)", buttons: 0, folded: 0, unproven: 0, unnamed: 0 });
      for (const format of ["A4", "Letter"]) {
        const paper = await page.pdf({ format, preferCSSPageSize: true });
        const sheets = paper.toString("latin1").match(/\/Type\s*\/Page\b/g).length;
        assert.ok(sheets > 0 && sheets <= (name === "many" ? 40 : 15), `${name} takes ${sheets} sheets of ${format}`);
      }
    });
  });
}

// The text of each sheet, without blanks: how a line breaks is of no interest.
function sheetsOf(paper) {
  const text = execFileSync("pdftotext", ["-", "-"], { input: paper, encoding: "utf8", maxBuffer: 1 << 26 });
  return text.split("\f").map((sheet) => sheet.replace(/\s+/g, "")).filter(Boolean);
}

for (const name of ["winter", "many", "plan-failed"]) {
  test(`${name} has no head of a table and no words of a step alone at the foot of a sheet`, async () => {
    await open(name, {}, async (page) => {
      const heads = await page.evaluate(() => {
        const all = [...document.querySelectorAll("main h2, main thead, .steps > li > p:first-child")];
        return all.map((head) => head.textContent.replace(/\s+/g, "")).filter(Boolean);
      });
      assert.ok(heads.length > 4, name);
      const met = new Set();
      // Wherever it begins, the page is cut at other places.
      for (let down = 0; down < 1_000; down += name === "many" ? 250 : 25) {
        await page.evaluate((down) => (document.body.style.paddingTop = `${down}px`), down);
        const sheets = sheetsOf(await page.pdf({ format: "A4", preferCSSPageSize: true }));
        for (const head of heads.filter((head) => sheets.some((sheet) => sheet.includes(head)))) met.add(head);
        const alone = heads.filter((head) => sheets.slice(0, -1).some((sheet) => sheet.endsWith(head)));
        assert.deepEqual(alone, [], `${name}, ${down} pixels down`);
      }
      assert.ok(met.size > heads.length / 2, `${name}: ${met.size} of ${heads.length} were found on paper`);
    });
  });
}

test("the keyboard reaches every button, and one copies its text", async () => {
  await open("winter", { permissions: ["clipboard-read", "clipboard-write"] }, async (page) => {
    const focused = () =>
      page.evaluate(() => {
        const one = document.activeElement;
        return { tag: one.tagName, copy: one.className === "copy", text: one.textContent, label: one.getAttribute("aria-label"), of: one.previousElementSibling?.textContent };
      });
    await page.keyboard.press("Tab");
    assert.equal((await focused()).text, "Skip to the story");
    const buttons = await page.locator("button.copy:visible").count();
    assert.ok(buttons > 10);
    let reached = 0;
    for (let presses = 0; presses < 400 && reached < buttons; presses += 1) {
      await page.keyboard.press("Tab");
      const now = await focused();
      if (!now.copy) continue;
      reached += 1;
      assert.ok(now.label.startsWith("Copy "), now.label);
      if (now.of === "incfg run plan.yaml") {
        await page.keyboard.press("Enter");
        await page.locator("#said", { hasText: "Copied" }).waitFor({ state: "attached" });
        assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "incfg run plan.yaml");
      }
    }
    assert.equal(reached, buttons);
  });
});

test("the skip link leads to the story", async () => {
  await open("winter", {}, async (page) => {
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  });
});

test("a link to lines that are shown above opens their fold", async () => {
  await open("winter", {}, async (page) => {
    const link = page.locator("p.places a").first();
    const target = (await link.getAttribute("href")).slice(1);
    await link.click();
    assert.ok(await page.locator(`#${target} ol.lines`).first().isVisible());
  });
});

test("the facts of the winter activity are in the page", async () => {
  await open("winter", {}, async (page) => {
    assert.equal(await page.locator("h1").textContent(), "Activity winter-24.11");
    assert.equal(await page.locator("#story").textContent(), "compute-hpe-cos-24.11.x86_64-winter failed in layer 3 of its configuration");
    const row = page.getByRole("row", { name: /compute-hpe-cos-24.11.x86_64-winter/ });
    assert.match(await row.textContent(), /layers 0 to 2 passed, layer 3 failed, layer 4 not run/);
    assert.equal(await row.locator(".strip .st.failed").textContent(), "3");
    assert.equal(await page.locator(".reuse.yes").count(), 2);
    assert.equal(await page.locator("ol.sessions > li").count(), 3);
    assert.equal(await page.locator("ol.steps code").last().textContent().then((text) => text.startsWith("incfg rewrite-bootprep ")), true);
  });
});

test("forty layers are forty boxes", async () => {
  await open("layers", {}, async (page) => {
    assert.equal(await page.locator("table.images .strip .st:not(.end)").count(), 40);
    assert.equal(await page.locator("table.images .strip .st.failed").textContent(), "17");
  });
});

test("two hundred images are two hundred rows", async () => {
  await open("many", {}, async (page) => {
    assert.equal(await page.locator("table.images tbody tr").count(), 200);
    assert.equal(await page.locator("table.images tbody tr.bad").count(), 23);
  });
});

test("hostile names are letters", async () => {
  for (const name of ["hostile", "check"]) {
    await open(name, {}, async (page) => {
      assert.equal(await page.evaluate(() => globalThis.hit), undefined);
      assert.equal(await page.locator("script").count(), 1);
      assert.equal(await page.locator("img").count(), 0);
      const text = await page.locator("main").textContent();
      for (const letters of [hostile[0], hostile[1], hostile[3], hostile[6]]) assert.ok(text.includes(letters), letters);
      assert.ok(!/[\u202a-\u202e]/.test(text));
    });
  }
});

test("the plan tells what failed and what is done", async () => {
  await open("plan-failed", {}, async (page) => {
    assert.match(await page.locator("#story").textContent(), /^Layer 3 of compute\.x86_64 failed/);
    assert.equal(await page.locator("table.tracks tbody tr").count(), 3);
    assert.equal(await page.locator("table.tracks .verdict.good").count(), 1);
    assert.ok((await page.locator("main").textContent()).includes("aaaaaaaa-1111-4222-8333-444444444444"));
  });
});

test("findings can be filtered by severity, without scripts too", async () => {
  for (const javaScriptEnabled of [true, false]) {
    await open("check", { javaScriptEnabled }, async (page) => {
      const errors = page.locator(".finding.error:visible");
      assert.ok((await errors.count()) > 5);
      await page.getByRole("checkbox", { name: /errors/ }).uncheck();
      assert.equal(await errors.count(), 0);
      assert.ok((await page.locator(".finding:visible").count()) > 0);
      await page.getByRole("checkbox", { name: /errors/ }).check();
      assert.ok((await errors.count()) > 5);
    });
  }
});
