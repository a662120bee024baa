// Copy buttons: `data-copy` holds the text, or `data-copy-from` the id of the element whose text is meant.

import { icon } from "./dom";
import { toast } from "./toast";

async function put(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Plain HTTP on a name other than localhost has no clipboard; the old way still works there.
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "visually-hidden";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

export function setUpCopy(): void {
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const button = event.target.closest<HTMLButtonElement>("[data-copy], [data-copy-from]");
    if (!button) return;
    const from = button.dataset["copyFrom"];
    const text = from ? (document.getElementById(from)?.textContent ?? "") : (button.dataset["copy"] ?? "");
    void put(text).then((done) => {
      if (!done) {
        toast({ level: "warning", text: "The browser refused to copy. Select the text and copy it by hand." });
        return;
      }
      const shown = button.querySelector(".icon");
      if (!shown || button.dataset["copied"] !== undefined) return;
      const tick = icon("check");
      shown.replaceWith(tick);
      button.dataset["copied"] = "";
      window.setTimeout(() => {
        tick.replaceWith(shown);
        delete button.dataset["copied"];
      }, 1500);
    });
  });
}
