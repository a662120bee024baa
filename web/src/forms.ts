// Forms that are sent without leaving the page. What is refused is said in the form, with all that was typed
// still in it; what was done is said by a toast on the page that follows (`data-done`). `data-stay` keeps the
// reader on the page they are on. Without scripts the browser sends the same forms itself.

import { element } from "./dom";
import { refreshAll } from "./live";
import { toast } from "./toast";

const SAID = "watchbell.said";
const sending = new WeakSet<HTMLFormElement>();

type Submitter = HTMLButtonElement | HTMLInputElement | null;

/** A form may have fields named `method` or `action`, so its attributes are asked, never its properties. */
function isOurs(form: HTMLFormElement, submitter: Submitter): boolean {
  const method = submitter?.getAttribute("formmethod") ?? form.getAttribute("method") ?? "get";
  if (method.toLowerCase() !== "post" || !form.closest(".frame main")) return false;
  return !["data-plain", "data-upload", "hx-get", "hx-post"].some((name) => form.hasAttribute(name));
}

async function send(form: HTMLFormElement, submitter: Submitter): Promise<void> {
  const content = new FormData(form, submitter);
  const isFile = form.getAttribute("enctype") === "multipart/form-data";
  const pairs = [...content].map(([name, value]) => [name, String(value)]);
  const action = submitter?.getAttribute("formaction") ?? form.getAttribute("action") ?? location.href;
  let answer: Response;
  try {
    answer = await fetch(action, {
      method: "POST",
      body: isFile ? content : new URLSearchParams(pairs),
      headers: { accept: "application/problem+json", "watchbell-form": "1" },
    });
  } catch {
    refuse(form, "Watchbell did not answer", "Nothing that you wrote is lost. Check the connection, then send it again.");
    return;
  }
  const onward = answer.headers.get("location");
  if (answer.ok && onward) {
    const done = submitter?.dataset["done"] ?? form.dataset["done"];
    const stays = submitter?.dataset["stay"] !== undefined || form.dataset["stay"] !== undefined;
    if (stays && form.closest("[hx-swap=morph], dialog") && refreshAll()) {
      // What stands elsewhere on the page, half written, stays.
      form.reset();
      form.querySelector(":scope > .error-summary")?.remove();
      form.closest("dialog")?.close();
      if (done) toast({ level: "good", title: done });
      return;
    }
    if (done) keep(done);
    // The browser would put what was sent back into the fields.
    form.reset();
    go(stays ? location.href : onward);
  } else if (answer.status === 401) {
    refuse(form, "You are signed out", "Sign in again in another tab, then send this once more. Nothing that you wrote is lost.");
  } else {
    const { title, detail } = await reason(answer);
    if (answer.status === 409) await catchUp(form);
    refuse(form, title, detail);
  }
}

/** The writer is told what stands there now; what they save next is meant to follow it. */
async function catchUp(form: HTMLFormElement): Promise<void> {
  const edition = form.querySelector<HTMLInputElement>("input[name=edition]");
  if (!edition) return;
  try {
    const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
    const now = page.querySelector<HTMLInputElement>(`form[action="${CSS.escape(form.getAttribute("action") ?? "")}"] input[name=edition]`);
    if (now) edition.value = now.value;
    form.querySelector(".form-stale")?.remove();
  } catch {
    // The next attempt is refused as this one was.
  }
}

/** A refusal is a problem document, or the form drawn anew with its error. */
async function reason(answer: Response): Promise<{ title: string; detail: string }> {
  const text = await answer.text();
  if ((answer.headers.get("content-type") ?? "").includes("json")) {
    try {
      const { detail } = JSON.parse(text) as { detail?: unknown };
      if (typeof detail === "string") return { title: "This was not done", detail };
    } catch {
      // Cut off on the way; the status says what can be said.
    }
  } else {
    const drawn = new DOMParser().parseFromString(text, "text/html").querySelector(".error-summary p, .problem p");
    if (drawn?.textContent) return { title: "This was not done", detail: drawn.textContent };
  }
  return { title: "This was not done", detail: `Watchbell answered with status ${answer.status}. Try again.` };
}

function refuse(form: HTMLFormElement, title: string, detail: string): void {
  form.querySelector(":scope > .error-summary")?.remove();
  // A row of a list has no room for it.
  if (!form.classList.contains("form")) {
    toast({ level: "error", title, text: detail });
    return;
  }
  const shown = element("div", { class: "error-summary", role: "alert", tabindex: "-1" }, element("h2", {}, title), element("p", {}, detail));
  form.prepend(shown);
  shown.focus();
}

/** Goes to a page of ours, anew if it is this one. */
export function go(address: string): void {
  const target = new URL(address, location.href);
  if (target.pathname !== location.pathname || target.search !== location.search) {
    location.assign(target);
    return;
  }
  // The same page anew; a fragment that is new is gone to, else the reader stays where they are.
  if (target.hash && target.hash !== location.hash) history.scrollRestoration = "manual";
  history.replaceState(history.state, "", target);
  location.reload();
}

/** Says on the next page what was done. */
export function keep(done: string): void {
  try {
    sessionStorage.setItem(SAID, done);
  } catch {
    // Storage is off: the changed page says it alone.
  }
}

function sayLast(): void {
  try {
    const done = sessionStorage.getItem(SAID);
    sessionStorage.removeItem(SAID);
    if (done) toast({ level: "good", title: done });
  } catch {
    // Storage is off.
  }
}

export function setUpForms(): void {
  sayLast();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !(form instanceof HTMLFormElement)) return;
    const pressed = event.submitter;
    const submitter = pressed instanceof HTMLButtonElement || pressed instanceof HTMLInputElement ? pressed : null;
    if (!isOurs(form, submitter)) return;
    event.preventDefault();
    if (sending.has(form)) return;
    sending.add(form);
    submitter?.setAttribute("aria-busy", "true");
    void send(form, submitter).finally(() => {
      sending.delete(form);
      submitter?.removeAttribute("aria-busy");
    });
  });
}
