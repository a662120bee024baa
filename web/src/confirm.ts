// Asks before a form with `data-confirm` is sent. `data-confirm-word` makes the reader type a word first.
// Listens in the capture phase, so it comes before htmx and before the browser alike.

import { element } from "./dom";

const allowed = new WeakSet<HTMLFormElement>();

function ask(form: HTMLFormElement, submitter: HTMLElement | null, asked: DOMStringMap): void {
  const word = asked["confirmWord"];
  const action = asked["confirmAction"] ?? submitter?.textContent?.trim() ?? "Go on";
  const go = element("button", { class: "button", type: "submit", "data-kind": asked["confirmKind"] ?? "danger" }, action);
  const cancel = element("button", { class: "button", type: "button" }, "Cancel");
  const body = element("div", { class: "dialog-body" }, element("p", {}, asked["confirm"] ?? ""));
  const inner = element("form", { method: "dialog" });
  if (word) {
    const field = element("input", { id: "confirm-word", autocomplete: "off", spellcheck: "false", "data-mono": true });
    field.addEventListener("input", () => (go.disabled = field.value.trim() !== word));
    go.disabled = true;
    const label = element("label", { for: "confirm-word" }, "Type ", element("code", {}, word), " to go on");
    body.append(element("div", { class: "field" }, label, field));
  }
  const title = element("h2", { id: "confirm-title" }, asked["confirmTitle"] ?? "Are you sure?");
  inner.append(element("div", { class: "dialog-head" }, title), body, element("div", { class: "dialog-foot" }, cancel, go));
  const dialog = element("dialog", { class: "dialog", "aria-labelledby": "confirm-title" }, inner);
  document.body.append(dialog);

  inner.addEventListener("submit", () => {
    allowed.add(form);
    dialog.close();
    form.requestSubmit(submitter instanceof HTMLButtonElement || submitter instanceof HTMLInputElement ? submitter : null);
  });
  cancel.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    submitter?.focus();
  });
  dialog.showModal();
  if (!word) cancel.focus();
}

export function setUpConfirm(): void {
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      if (!(form instanceof HTMLFormElement)) return;
      if (allowed.delete(form)) return;
      const submitter = event instanceof SubmitEvent ? event.submitter : null;
      const asked = submitter?.dataset["confirm"] !== undefined ? submitter.dataset : form.dataset;
      if (asked["confirm"] === undefined) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      ask(form, submitter, asked);
    },
    true,
  );
}

/** `data-opens="id"` on a button opens that dialog; `data-closes` in it closes it. */
export function setUpDialogs(): void {
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const opener = event.target.closest<HTMLElement>("[data-opens]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset["opens"] ?? "");
      if (dialog instanceof HTMLDialogElement) {
        // Where scripts are off, a link leads to a page that has the same.
        event.preventDefault();
        dialog.showModal();
      }
      return;
    }
    event.target.closest("[data-closes]")?.closest("dialog")?.close();
    if (event.target instanceof HTMLDialogElement && event.target.matches(".dialog")) {
      const box = event.target.getBoundingClientRect();
      const outside = event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
      if (outside) event.target.close();
    }
  });
}
