// Toasts: from the `toast` event that the server sets off with an `HX-Trigger` header, from live messages,
// and from other modules. Errors and warnings stay until dismissed; the rest leave by themselves.

import { element, icon } from "./dom";

export type Level = "info" | "good" | "warning" | "error";

export interface Toast {
  level?: Level;
  title?: string;
  text?: string;
  href?: string;
  label?: string;
}

const ICONS: Record<Level, string> = { info: "info", good: "check", warning: "alert", error: "alert" };
const SECONDS_SHOWN = 6;

export function toast(message: Toast): void {
  const level = message.level && message.level in ICONS ? message.level : "info";
  const words = element("div", { class: "toast-text" });
  if (message.title) words.append(element("strong", {}, message.title));
  if (message.text) words.append(element("span", {}, message.text));
  if (message.href && isOwnAddress(message.href)) {
    words.append(" ", element("a", { href: message.href }, message.label ?? "Open"));
  }
  const close = element("button", { class: "toast-close", type: "button", "aria-label": "Dismiss" }, icon("x"));
  const shown = element("div", { class: "toast", "data-level": level }, icon(ICONS[level]), words, close);
  const stays = level === "error" || level === "warning";
  if (stays) shown.setAttribute("role", "alert");
  place().append(shown);
  if (!stays) leaveLater(shown);
}

/** Only addresses on this server, never a scheme such as `javascript:`. */
function isOwnAddress(href: string): boolean {
  try {
    return new URL(href, location.href).origin === location.origin;
  } catch {
    return false;
  }
}

function place(): HTMLElement {
  const there = document.getElementById("toasts");
  if (there) return there;
  const made = element("div", { id: "toasts", class: "toasts", role: "status", "aria-live": "polite" });
  document.body.append(made);
  return made;
}

function leaveLater(shown: HTMLElement): void {
  let timer = 0;
  const start = () => {
    timer = window.setTimeout(() => shown.remove(), SECONDS_SHOWN * 1000);
  };
  for (const name of ["mouseenter", "focusin"]) shown.addEventListener(name, () => clearTimeout(timer));
  for (const name of ["mouseleave", "focusout"]) shown.addEventListener(name, start);
  start();
}

export function setUpToasts(): void {
  document.addEventListener("toast", (event) => {
    const detail: unknown = (event as CustomEvent).detail;
    if (typeof detail === "object" && detail !== null) toast(detail as Toast);
  });
  document.addEventListener("click", (event) => {
    if (event.target instanceof Element) event.target.closest(".toast-close")?.closest(".toast")?.remove();
  });
}
