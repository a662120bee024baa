// Single keys for people who live in the queue. Off while typing, off when switched off (WCAG 2.2, 2.1.4).
// A page offers an action to a key with `data-key="a"`: the one in the focused row wins, then the page's first.

import { element, icon, isTyping, isVisible, remembered } from "./dom";

const PLACES: Record<string, [path: string, name: string]> = {
  a: ["/alerts", "Alerts"],
  i: ["/incidents", "Incidents"],
  e: ["/evidence", "Evidence"],
  n: ["/intake", "Intake"],
  p: ["/plan", "Plan"],
  r: ["/rules", "Rules"],
  l: ["/ledger", "Ledger"],
  s: ["/settings", "Settings"],
};
const GO_WAIT_MS = 1200;

const HELP: [group: string, keys: [keys: string[], meaning: string][]][] = [
  ["In a list", [
    [["j"], "Next row"],
    [["k"], "Previous row"],
    [["Enter"], "Open the row"],
    [["x"], "Select the row"],
  ]],
  ["Actions", [
    [["a"], "Acknowledge"],
    [["d"], "Declare an incident"],
    [["/"], "Search everything"],
    [["?"], "Show these keys"],
    [["Esc"], "Close what is open"],
  ]],
  ["Go to", Object.entries(PLACES).map(([key, [, name]]) => [["g", key], name])],
];

const enabled = () => remembered.get("keys") !== "off";

function links(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>(".main .row-link")].filter(isVisible);
}

function move(step: number): void {
  const rows = links();
  const at = rows.findIndex((row) => row === document.activeElement || row.closest("tr, li")?.contains(document.activeElement));
  const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + step));
  rows[next]?.focus();
  rows[next]?.scrollIntoView({ block: "nearest" });
}

function currentRow(): Element | null {
  return document.activeElement?.closest("tr, li.task, li.chat-line") ?? null;
}

function select(): boolean {
  const box = currentRow()?.querySelector<HTMLInputElement>(".cell-select input");
  box?.click();
  return box !== null && box !== undefined;
}

function act(key: string): boolean {
  const query = `[data-key="${CSS.escape(key)}"]:not(:disabled)`;
  const row = currentRow();
  const inRow = row ? [...row.querySelectorAll<HTMLElement>(query)].find(isVisible) : undefined;
  const onPage = [...document.querySelectorAll<HTMLElement>(query)].find(
    (found) => isVisible(found) && (!found.closest("tbody tr, .chat-line") || !row),
  );
  const found = inRow ?? onPage;
  found?.click();
  return found !== undefined;
}

/** The keys of the page itself: what names its key and says in `data-key-help` what that does. */
function ofPage(): typeof HELP {
  const keys = new Map<string, string>();
  for (const found of document.querySelectorAll<HTMLElement>("[data-key][data-key-help]")) {
    const { key, keyHelp } = found.dataset;
    if (key && keyHelp && !keys.has(key) && isVisible(found)) keys.set(key, keyHelp);
  }
  return keys.size === 0 ? [] : [["On this page", [...keys].map(([key, meaning]) => [[key], meaning])]];
}

function help(): void {
  const groups = [...HELP, ...ofPage()].map(([name, keys]) =>
    element("section", {}, element("h3", {}, name), element("dl", {}, ...keys.flatMap(([pressed, meaning]) => {
      const term = element("dt");
      pressed.forEach((key, index) => term.append(...(index > 0 ? [" "] : []), element("kbd", {}, key)));
      return [term, element("dd", {}, meaning)];
    }))),
  );
  const box = element("input", { type: "checkbox" });
  box.checked = enabled();
  box.addEventListener("change", () => remembered.set("keys", box.checked ? null : "off"));
  const close = element("button", { class: "button", "data-kind": "quiet", "data-only": "icon", "data-closes": true, type: "button", "aria-label": "Close" }, icon("x"));
  const dialog = element("dialog", { class: "dialog", "data-size": "wide", "aria-labelledby": "keys-title" },
    element("div", { class: "dialog-head" }, element("h2", { id: "keys-title" }, "Keys"), close),
    element("div", { class: "dialog-body" },
      element("div", { class: "keys" }, ...groups),
      element("label", { class: "check" }, box, element("span", {}, "Single keys are on"))),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

export function setUpKeyboard(): void {
  let going = 0;
  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("[data-show-keys]")) help();
  });
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isTyping(event.target)) {
      if (event.key === "Escape" && event.target instanceof HTMLElement && !event.target.closest("dialog")) event.target.blur();
      return;
    }
    if (!enabled() || document.querySelector("dialog[open]")) return;
    const done = () => event.preventDefault();
    if (Date.now() - going < GO_WAIT_MS) {
      going = 0;
      const place = PLACES[event.key];
      if (place) {
        done();
        location.assign(place[0]);
      }
      return;
    }
    switch (event.key) {
      case "g":
        going = Date.now();
        return;
      case "j":
        move(1);
        return done();
      case "k":
        move(-1);
        return done();
      case "x":
        if (select()) done();
        return;
      case "?":
        help();
        return done();
      case "/": {
        const search = document.querySelector<HTMLInputElement>('[role="search"] input, .main input[type="search"]');
        if (search && isVisible(search)) {
          search.focus();
          search.select();
          done();
        }
        return;
      }
      default:
        if (event.key.length === 1 && act(event.key)) done();
    }
  });
}
