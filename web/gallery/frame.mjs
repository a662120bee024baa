// Draws a gallery page as the server would: the frame around a fragment, with the same classes and the same
// strict policy. The fragments use three shorthands, so that they stay readable:
//   {i:NAME}      an icon out of the sprite
//   {ago:S} {at:S} {left:S} {elapsed:S}   a <time> S seconds before (or, for left, after) now
import { readFile } from "node:fs/promises";
import { join } from "node:path";

export const icon = (name) =>
  `<svg class="icon" aria-hidden="true"><use href="/assets/icons.svg#${name}"></use></svg>`;

const NAV = [
  ["alerts", "Alerts", "alert", 7, true],
  ["incidents", "Incidents", "incident", 2, false],
  ["evidence", "Evidence", "evidence", 0, false],
  ["intake", "Intake", "intake", 0, false],
];
const NAV_MORE = [
  ["plan", "Plan", "plan"],
  ["rules", "Rules", "rules"],
  ["ledger", "Ledger", "ledger"],
  ["settings", "Settings", "settings"],
];

function expand(html) {
  const now = Date.now();
  const time = (seconds, attribute) => {
    const at = new Date(now + seconds * 1000);
    const text = at.toISOString().slice(0, 19).replace("T", " ");
    return `<time datetime="${at.toISOString()}" ${attribute}>${text} UTC</time>`;
  };
  return html
    .replace(/\{i:([a-z-]+)\}/g, (_, name) => icon(name))
    .replace(/\{ago:(\d+)\}/g, (_, s) => time(-s, "data-relative"))
    .replace(/\{at:(\d+)\}/g, (_, s) => time(-s, 'data-local="time"'))
    .replace(/\{elapsed:(\d+)\}/g, (_, s) => time(-s, "data-elapsed"))
    .replace(/\{left:(-?\d+)\}/g, (_, s) => time(Number(s), "data-countdown"));
}

const head = (title, live) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="htmx-config" content='{"allowEval":false,"includeIndicatorStyles":false}'>
<title>${title} · Watchbell</title>
<link rel="icon" href="/assets/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/app.css">
<script src="/assets/theme.js"></script>
<script src="/assets/app.js" defer></script>
</head>
<body${live ? ` data-live="${live}"` : ""}>`;

function frame(active, content) {
  const current = (key) => (key === active ? ' aria-current="page"' : "");
  const count = (n, urgent) =>
    n ? `<span class="nav-count"${urgent ? " data-urgent" : ""}>${n}<span class="visually-hidden"> open</span></span>` : "";
  const links = (rows) =>
    rows.map(([key, name, glyph, n, urgent]) => `<a href="/${key}"${current(key)}>${icon(glyph)}${name}${count(n, urgent)}</a>`).join("\n");
  return `<a class="skip-link" href="#main">Skip to content</a>
<div class="frame">
<header class="topbar">
  <a class="topbar-brand" href="/" aria-label="Watchbell, start page"><img src="/assets/favicon.svg" alt="" width="28" height="28"></a>
  <span class="topbar-org">Harbour Foods Ltd</span>
  <form class="topbar-search" role="search" action="/search">${icon("search")}
    <input type="search" name="q" aria-label="Search hosts, accounts, hashes, incidents" placeholder="Host, account, hash, INC-…" autocomplete="off"><kbd aria-hidden="true">/</kbd>
  </form>
  <div class="topbar-end">
    <span class="live" role="status"><span class="live-text"></span></span>
    <button class="button needs-script" data-kind="quiet" data-only="icon" type="button" data-theme-switch aria-label="Theme">${icon("contrast")}</button>
    <details class="menu">
      <summary class="button" data-kind="quiet" data-only="icon"><span class="person-mark" aria-hidden="true">ML</span><span class="visually-hidden">Your account: Mara Lindqvist</span></summary>
      <div class="menu-list">
        <div class="menu-head"><strong>Mara Lindqvist</strong><span>Incident manager</span></div>
        <hr>
        <a href="/settings/me">${icon("user")}Your account</a>
        <button class="needs-script" type="button" data-show-keys>${icon("keyboard")}Keys</button>
        <hr>
        <form method="post" action="/logout"><button type="submit">${icon("lock")}Sign out</button></form>
      </div>
    </details>
  </div>
</header>
<nav class="sidebar" id="nav" popover aria-label="Main">
  <a class="brand" href="/"><img src="/assets/favicon.svg" alt="" width="26" height="26">Watchbell</a>
  <div class="nav">${links(NAV)}</div>
  <div class="nav">${links(NAV_MORE)}</div>
  <p class="sidebar-foot">Harbour Foods Ltd<br>Plan 1.4 in force</p>
</nav>
<main class="main" id="main" tabindex="-1">
${content}
</main>
<nav class="tabbar" aria-label="Main, short">
  ${NAV.map(([key, name, glyph, n, urgent]) => `<a href="/${key}"${current(key)}>${icon(glyph)}${name}${count(n, urgent)}</a>`).join("\n  ")}
  <button type="button" popovertarget="nav">${icon("menu")}More</button>
</nav>
</div>
<div id="toasts" class="toasts" role="status" aria-live="polite"></div>`;
}

/** The whole page for the fragment `pages/NAME.html`, whose first line is `<!-- title | place | live topics -->`. */
export async function page(folder, name) {
  const fragment = await readFile(join(folder, "pages", `${name}.html`), "utf8");
  const [, title, place, live] = /^<!--\s*(.*?)\s*\|\s*(.*?)\s*\|\s*(.*?)\s*-->/.exec(fragment) ?? [null, name, "", ""];
  const content = expand(fragment);
  const body = place === "alone" ? content : frame(place, content);
  return `${head(title, live)}\n${body}\n</body>\n</html>\n`;
}
