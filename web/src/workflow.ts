// The figure of a workflow in a run: whatever is under way is brought into view, in the figure alone. It moves when the
// run has moved, and leaves alone a reader who looks elsewhere meanwhile.

import { onContent } from "./dom";

const UNDER_WAY = '.cacao-step:is([data-look="doubt"], [data-look="waiting"], [data-look="active"])';

/** Where each figure was last brought to; the page is drawn anew around it. */
const brought = new WeakMap<Element, string>();

function centre(frame: HTMLElement): void {
  const steps = [...frame.querySelectorAll<SVGGElement>(UNDER_WAY)];
  // Steps that have branches are under way for as long as these are: the last one stands furthest below.
  const step = steps.at(-1);
  if (!step) {
    // Nothing is under way: the middle shows more than a corner does.
    if (!brought.has(frame)) frame.scrollLeft = (frame.scrollWidth - frame.clientWidth) / 2;
    brought.set(frame, "");
    return;
  }
  const name = steps.map((one) => one.querySelector("title")?.textContent ?? "").join("\n");
  if (brought.get(frame) === name) return;
  brought.set(frame, name);
  const [inner, outer] = [step.getBoundingClientRect(), frame.getBoundingClientRect()];
  frame.scrollTop += inner.top + inner.height / 2 - (outer.top + outer.height / 2);
  frame.scrollLeft += inner.left + inner.width / 2 - (outer.left + outer.width / 2);
}

export function setUpWorkflows(): void {
  onContent((root) => {
    for (const frame of root.querySelectorAll<HTMLElement>(".cacao-figure")) centre(frame);
  });
  // A part that is morphed says so by another event.
  document.addEventListener("htmx:afterSettle", () => {
    for (const frame of document.querySelectorAll<HTMLElement>(".run-figure .cacao-figure")) centre(frame);
  });
}
