// `hx-swap="morph"`: what the server draws anew is compared with what stands on the page, and only what differs
// is touched. Focus, scrolling, what is unfolded and what is being written stay as they are.

import htmx from "htmx.org";
import { Idiomorph } from "idiomorph";
import { element } from "./dom";
import { isWrittenIn } from "./writing";

/** Whether the script's own words for this time may stay: it tells the same time in the same way. */
function isSameTime(old: Element, drawn: Node): boolean {
  if (!(old instanceof HTMLTimeElement) || !(drawn instanceof HTMLTimeElement)) return false;
  const told = (time: HTMLTimeElement) => JSON.stringify([time.dateTime, Object.entries(time.dataset).sort()]);
  return told(old) === told(drawn);
}

/** A form in which somebody writes says so when the text behind it was changed by somebody else. */
function warn(form: HTMLFormElement, drawn: Node): void {
  if (!(drawn instanceof HTMLFormElement)) return;
  const edition = (of: HTMLFormElement) => of.querySelector<HTMLInputElement>("input[name=edition]")?.value;
  if (edition(form) === edition(drawn) || form.querySelector(".form-stale")) return;
  form.prepend(element("p", { class: "form-stale", role: "status" },
    "Somebody saved another text while you write. Yours stays here; saving tells you what stands there now."));
}

const callbacks = {
  beforeNodeMorphed(old: Node, drawn: Node): boolean {
    if (!(old instanceof Element)) return true;
    if (old instanceof HTMLDialogElement && old.open) return false;
    if (old instanceof HTMLFormElement && isWrittenIn(old)) {
      warn(old, drawn);
      return false;
    }
    return !isSameTime(old, drawn);
  },
  /** What the reader unfolded stays unfolded. */
  beforeAttributeUpdated(name: string, changed: Element): boolean {
    return !(name === "open" && changed instanceof HTMLDetailsElement);
  },
};

export function setUpMorph(): void {
  htmx.defineExtension("morph", {
    isInlineSwap: (style: string) => style === "morph",
    handleSwap: (style: string, target: Node, fragment: Node) => {
      if (style !== "morph" || !(fragment instanceof DocumentFragment)) return false;
      const kept = Idiomorph.morph(target, fragment.children, { morphStyle: "outerHTML", callbacks });
      return Array.isArray(kept) ? kept.filter((node) => node === target) : true;
    },
  });
}
