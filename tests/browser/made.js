// The pages under test, made with the program itself: of the winter activity, of names that would like to be something
// else, of much, of a plan half done, and of bootprep files.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const incfg = resolve(process.env.INCFG ?? join(root, "target/debug/incfg"));
const winter = join(root, "testdata/winter");

export const directory = mkdtempSync(join(tmpdir(), "incfg-pages-"));

function run(words, options = {}) {
  try {
    return execFileSync(incfg, words, { cwd: directory, encoding: "utf8", stdio: "pipe", ...options });
  } catch (error) {
    // Findings are bad news, and still a page.
    if (error.status === 1) return error.stdout;
    throw new Error(`incfg ${words.join(" ")}: ${error.stderr}`);
  }
}

const bootprep = ["--bootprep", join(winter, "compute-and-uan-bootprep.yaml"), "--vars-file", join(winter, "session_vars.yaml")];
const inputs = [join(winter, "iuf"), join(winter, "ansible.log"), join(winter, "configuration.json")];

function analyzed(name, words) {
  run(["analyze", ...words, "--format", "html", "-o", `${name}.html`]);
}

function log(name, lines) {
  writeFileSync(join(directory, name), lines.join("\n") + "\n");
  return name;
}

const begin = (images) => [
  "INFO Using bootprep file .bootprep-demo/compute-and-uan-bootprep.yaml for preparing images on managed nodes",
  "INFO: Validating given input file /media/.bootprep-demo/compute-and-uan-bootprep.yaml",
  `INFO: Creating ${images} images.`,
  "INFO: Creating images",
];

const id = (number) => `${String(number).padStart(8, "0")}-2222-4333-8444-555555555555`;

function image(name, number, container) {
  const session = `sat-${String(number).padStart(8, "0")}-0000-4000-8000-000000000000`;
  const lines = [
    `INFO: Base for image with name ${name} is a pre-built image.`,
    `INFO: Creating CFS session ${session} to configure image ${name}`,
    `INFO: Created CFS session ${session} to configure image ${name}`,
  ];
  if (!container) return [...lines, `INFO: Creation of image ${name} succeeded: ID ${id(number)}`];
  return [
    ...lines,
    `INFO: CFS session: ${session.padEnd(45)} Image: ${name}:`,
    `INFO:     Container ${container} transitioned to failed    from running  `,
    `INFO: Logs from the failed image configuration K8s container for image ${name} may be viewed with 'kubectl logs -n services cfs-${session.slice(4)}-abcde -c ${container}'.`,
    `ERROR: Creation of image ${name} failed`,
    `ERROR: Failed to wait for condition "creation of IMS images" for member image at index ${number}: creation failed`,
  ];
}

const end = (failed) => [`ERROR: Creation of ${failed} images failed`, "Script content exited with return code 1"];

export const hostile = [
  "<script>globalThis.hit = 1; alert(1)</script>",
  "</style></script><img src=x onerror=alert(1)>",
  "\"onload=\"alert(1)",
  "]]>",
  "::error file=x::y",
  "\u202egnp.exe\u202c",
  "\u05e9\u05dc\u05d5\u05dd-\u0645\u0631\u062d\u0628\u0627",
  "x".repeat(300),
];

function plan() {
  run(["plan", ...inputs, ...bootprep, "-o", "plan.yaml"]);
  run(["status", "plan.yaml", "--format", "html", "-o", "plan.html"]);
  const track = () => JSON.parse(run(["status", "plan.yaml", "--format", "json"])).images[0];
  const record = (document) => run(["record", "plan.yaml", "-"], { input: JSON.stringify(document) });
  const session = (step, base, name, succeeded, result) => ({
    name: step.session,
    configuration: { name: track().configuration, limit: step.limit },
    target: {
      definition: "image",
      groups: [{ name: "Compute", members: [base] }],
      image_map: [{ source_id: base, result_name: name }],
    },
    tags: {},
    status: {
      artifacts: result ? [{ image_id: base, result_id: result, type: "ims_customized_image" }] : [],
      session: { status: "complete", succeeded, job: "cfs-1", start_time: "2024-06-14T12:00:00", completion_time: "2024-06-14T12:20:00" },
    },
  });
  const made = "aaaaaaaa-1111-4222-8333-444444444444";
  const { base_image_id: base, result_name: result, steps } = track();
  record(session(steps[0], base, `${result}-${steps[0].session}`, "true", made));
  // An image counts when its configuration is still the one of the plan.
  record(JSON.parse(readFileSync(join(winter, "configuration.json"), "utf8")));
  record({ id: made, name: "partial", arch: "x86_64", link: { path: "s3://boot-images/x/manifest.json", etag: "x", type: "s3" } });
  record(session(steps[1], made, `${result}-${steps[1].session}`, "false"));
  run(["status", "plan.yaml", "--format", "html", "-o", "plan-failed.html"]);
}

const layers = (count) =>
  Array.from({ length: count }, (_, at) => ({ name: `layer-${at}-integration`, playbook: `play-${at}.yml`, clone_url: "https://vcs.local/vcs/cray/config-management.git", commit: "c".repeat(40) }));

export function makePages() {
  analyzed("winter", [...inputs, ...bootprep]);
  const names = hostile.flatMap((name, at) => image(name, at + 1, at % 2 ? "ansible" : undefined));
  analyzed("hostile", [log("hostile.log", [...begin(hostile.length), ...names, ...end(4)])]);
  const many = Array.from({ length: 200 }, (_, at) => image(`compute-${at}-with-a-name-as-long-as-people-make-them.x86_64`, at, at % 9 ? undefined : `ansible-${at % 8}`));
  analyzed("many", [log("many.log", [...begin(200), ...many.flat(), ...end(23)])]);
  const configuration = "many-layers";
  writeFileSync(join(directory, "configuration.json"), JSON.stringify({ name: configuration, last_updated: "2024-06-14T08:00:00Z", layers: layers(40) }));
  writeFileSync(
    join(directory, "layers.yaml"),
    `images:\n- {name: deep, ref_name: deep, base: {ims: {id: ${id(7)}, type: image}}, configuration: ${configuration}, configuration_group_names: [Compute]}\n`,
  );
  analyzed("layers", [log("layers.log", [...begin(1), ...image("deep", 0, "ansible-17"), ...end(1)]), "configuration.json", "--bootprep", "layers.yaml"]);
  analyzed("nothing", [log("nothing.log", begin(0))]);
  plan();
  mkdirSync(join(directory, "site"));
  writeFileSync(join(directory, "site/good.yaml"), readFileSync(join(winter, "compute-and-uan-bootprep.yaml")));
  const entries = hostile.map((name) => `- {name: ${JSON.stringify(name)}, base: {image_ref: ${JSON.stringify(name)}}, ${JSON.stringify(name)}: 1}`);
  writeFileSync(join(directory, "site/bad.yaml"), `images:\n${entries.join("\n")}\nconfigurations:\n- name: c\n  layers:\n  - {name: l, playbook: site.yml, product: {name: cos, version: 1.10}}\n`);
  run(["check", "site", "--format", "html", "-o", "check.html"]);
  return ["winter", "hostile", "many", "layers", "nothing", "plan", "plan-failed", "check"];
}
