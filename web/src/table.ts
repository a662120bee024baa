// Tables: a click anywhere in a row opens it, ticks are counted, one box ticks all, Shift ticks a range.

import { onContent } from "./dom";

const INTERACTIVE = "a, button, input, select, label, summary, textarea";
const BOXES = "tbody .cell-select input[type=checkbox]";

function count(form: Element): void {
  const boxes = [...form.querySelectorAll<HTMLInputElement>(BOXES)];
  const ticked = boxes.filter((box) => box.checked).length;
  const shown = form.querySelector("[data-bulk-count]");
  if (shown) shown.textContent = `${ticked} selected`;
  const all = form.querySelector<HTMLInputElement>("[data-select-all]");
  if (all) {
    all.checked = ticked > 0 && ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  }
}

export function setUpTables(): void {
  const countAll = (root: ParentNode) => root.querySelectorAll(".bulk").forEach(count);
  onContent(countAll);
  document.addEventListener("watchbell:selection", () => countAll(document));

  let last: HTMLInputElement | undefined;
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (!(box instanceof HTMLInputElement)) return;
    const form = box.closest(".bulk");
    if (!form) return;
    if (box.matches("[data-select-all]")) {
      form.querySelectorAll<HTMLInputElement>(BOXES).forEach((other) => (other.checked = box.checked));
    }
    count(form);
  });
  document.addEventListener("click", (event) => {
    const target = event.target;
    if (!(target instanceof Element)) return;
    if (target instanceof HTMLInputElement && target.matches(BOXES)) {
      const form = target.closest(".bulk");
      if (event.shiftKey && last && form?.contains(last)) {
        const boxes = [...form.querySelectorAll<HTMLInputElement>(BOXES)];
        const [from, to] = [boxes.indexOf(last), boxes.indexOf(target)].sort((a, b) => a - b);
        boxes.slice(from, (to ?? 0) + 1).forEach((box) => (box.checked = target.checked));
        count(form);
      }
      last = target;
      return;
    }
    const clear = target.closest("[data-select-none]");
    if (clear) {
      const form = clear.closest(".bulk");
      form?.querySelectorAll<HTMLInputElement>(BOXES).forEach((box) => (box.checked = false));
      if (form) count(form);
      return;
    }
    const row = target.closest<HTMLElement>("tr[data-href]");
    if (!row || target.closest(INTERACTIVE) || getSelection()?.toString()) return;
    const href = row.dataset["href"] ?? "";
    if (new URL(href, location.href).origin !== location.origin) return;
    if (event.ctrlKey || event.metaKey) window.open(href, "_blank", "noopener");
    else location.assign(href);
  });
}
