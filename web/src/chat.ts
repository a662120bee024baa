// The chat in a room: Enter sends, what was sent leaves the field, the log follows what is said, and the arrow
// keys walk from the field through the lines, where one key keeps a line (`e`, `d`, `t`: see keyboard.ts).

/** How near the end a reader is who follows what is said, in pixels. */
const NEAR = 80;

const logOf = () => document.getElementById("chat-log");
const fieldOf = () => document.querySelector<HTMLTextAreaElement>("#chat-text");
const lines = () => [...document.querySelectorAll<HTMLElement>("#chat-lines .chat-line")];

function toEnd(): void {
  const log = logOf();
  if (log) log.scrollTop = log.scrollHeight;
}

function walk(event: KeyboardEvent): void {
  const target = event.target;
  if (!(target instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const field = fieldOf();
  if (target === field) {
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (field.value.trim()) field.form?.requestSubmit();
    } else if (event.key === "ArrowUp" && field.value === "") {
      event.preventDefault();
      lines().at(-1)?.focus();
    }
    return;
  }
  if (!target.matches(".chat-line")) return;
  const all = lines();
  const at = all.indexOf(target);
  if (event.key === "ArrowUp" || event.key === "ArrowDown") {
    event.preventDefault();
    const next = all[at + (event.key === "ArrowUp" ? -1 : 1)];
    if (next) next.focus();
    else if (event.key === "ArrowDown") field?.focus();
  } else if (event.key === "Escape") {
    field?.focus();
  }
}

export function setUpChat(): void {
  if (!logOf()) return;
  toEnd();
  let follows = true;
  document.addEventListener("keydown", walk);
  document.addEventListener("htmx:beforeSwap", () => {
    const log = logOf();
    follows = !log || log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
  });
  // What is morphed is loaded, but never said to be settled.
  document.addEventListener("htmx:load", () => {
    if (follows) toEnd();
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const { elt, successful } = (event as CustomEvent).detail as { elt?: Element; successful?: boolean };
    if (!successful || !(elt instanceof HTMLFormElement)) return;
    if (elt.matches(".chat-form")) {
      elt.reset();
      toEnd();
      fieldOf()?.focus();
    } else if (elt.closest(".chat-decide")) {
      elt.reset();
      // The line stays in hand, without what it no longer offers.
      elt.closest<HTMLElement>(".chat-line")?.focus();
    }
  });
  // Whoever unfolds the question why is asked at once: `toggle` comes late, and what is typed before it would be taken
  // for keys of the page.
  document.addEventListener("click", (event) => {
    const summary = (event.target as Element).closest(".chat-decide > summary");
    const part = summary?.parentElement;
    if (!(part instanceof HTMLDetailsElement)) return;
    event.preventDefault();
    part.open = !part.open;
    if (part.open) part.querySelector("textarea")?.focus();
  });
}
