// The switch between the system's theme, light and dark. theme-early.ts applies the choice before paint.

import { icon, onContent, remembered } from "./dom";

type Theme = "system" | "light" | "dark";

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const ICONS: Record<Theme, string> = { system: "contrast", light: "sun", dark: "moon" };

function current(): Theme {
  const chosen = document.documentElement.dataset["theme"];
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

function choose(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
  remembered.set("theme", theme === "system" ? null : theme);
  document.querySelectorAll<HTMLElement>("[data-theme-switch]").forEach(label);
}

function label(button: HTMLElement): void {
  const theme = current();
  button.replaceChildren(icon(ICONS[theme]));
  button.setAttribute("aria-label", `Theme: ${theme}. Switch to ${NEXT[theme]}.`);
  button.title = `Theme: ${theme}`;
}

export function setUpTheme(): void {
  onContent((root) => root.querySelectorAll<HTMLElement>("[data-theme-switch]").forEach(label));
  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("[data-theme-switch]")) choose(NEXT[current()]);
  });
}
