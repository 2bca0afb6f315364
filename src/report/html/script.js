// Copy buttons. Everything else of the page works without.
(() => {
  "use strict";
  const said = document.getElementById("said");
  const byHand = (text) => {
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "unseen";
    field.setAttribute("aria-hidden", "true");
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  };
  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return byHand(text);
    }
  };
  for (const code of document.querySelectorAll("[data-copy]")) {
    const button = document.createElement("button");
    const text = code.textContent;
    const label = "Copy " + (text.length > 60 ? text.slice(0, 60) + "…" : text);
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", label);
    button.addEventListener("click", async () => {
      const done = await copy(text);
      button.focus();
      button.textContent = done ? "Copied" : "Select it by hand";
      button.setAttribute("aria-label", button.textContent + ": " + label.slice(5));
      said.textContent = done ? "Copied" : "The browser does not let a page copy; select the text by hand";
      setTimeout(() => {
        button.textContent = "Copy";
        button.setAttribute("aria-label", label);
        said.textContent = "";
      }, 2000);
    });
    code.after(button);
  }
})();
