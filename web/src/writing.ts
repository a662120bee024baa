// Whether a person writes in a part of the page, so that nothing takes that away.

/** Fields of forms; those that choose rows or set a filter are no writing. */
const FIELDS = "textarea, select, input:not([type=hidden], [type=search], .cell-select input, [data-select-all])";

function isChanged(field: Element): boolean {
  if (field instanceof HTMLInputElement && ["checkbox", "radio"].includes(field.type)) return field.checked !== field.defaultChecked;
  if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) return field.value !== field.defaultValue;
  if (!(field instanceof HTMLSelectElement)) return false;
  const marked = Math.max(0, [...field.options].findIndex((option) => option.defaultSelected));
  return field.selectedIndex !== marked;
}

/** True while a person writes in it: drawing it anew would take that away. */
export function isWrittenIn(part: Element): boolean {
  return [...part.querySelectorAll(FIELDS)].some((field) => field === document.activeElement || isChanged(field));
}
