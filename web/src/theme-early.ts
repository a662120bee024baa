// Runs before the first paint (a blocking script in <head>), so the page never flashes in the wrong theme.
// Also tells the styles that scripts run. Everything else waits for app.js.

const root = document.documentElement;
root.classList.add("scripted");
try {
  const chosen = localStorage.getItem("watchbell.theme");
  if (chosen === "light" || chosen === "dark") root.dataset["theme"] = chosen;
} catch {
  // Storage may be switched off; the system's theme is then used.
}
