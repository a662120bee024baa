// What every browser test needs: a headless Chromium, pages in both themes, axe, pictures.
//
//   CHROMIUM      the browser's path (default /usr/bin/chromium)
//   SCREENSHOTS   a folder for pictures; without it none are taken
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

const axeSource = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };
export const THEMES = ["light", "dark"];

/** A test that waits longer than this has hung, and says so. Give it as the options of `test`. */
export const LIMIT = { timeout: 60_000 };

/** A browser with a `stop()` that always ends, whatever state a failed test left it in. */
export async function startBrowser() {
  const server = await chromium.launchServer({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    timeout: 60_000,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  const browser = await chromium.connect(server.wsEndpoint());
  browser.stop = async () => {
    const patience = setTimeout(() => server.kill(), 10_000);
    await browser.close().catch(() => {});
    await server.close().catch(() => {});
    clearTimeout(patience);
  };
  return browser;
}

/**
 * A fresh page with cookies of its own. Its `faults` gather what must not happen: errors, refused policies,
 * requests to anywhere but `origin`.
 */
export async function newPage(browser, { origin, theme = "light", viewport = DESKTOP, scripts = true } = {}) {
  const context = await browser.newContext({
    viewport,
    colorScheme: theme,
    reducedMotion: "reduce",
    javaScriptEnabled: scripts,
    baseURL: origin,
    timezoneId: "Europe/Stockholm",
    locale: "en-GB",
  });
  const page = await context.newPage();
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") page.faults.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    const url = request.url();
    if (origin && /^(https?|wss?):/.test(url) && new URL(url).origin !== origin) page.faults.push(`left the server: ${url}`);
  });
  return page;
}

const left = new WeakSet();

/** Closes all pages of a browser. One that does not close in time is left behind for `stop()` to end. */
export async function closePages(browser) {
  const open = browser.contexts().filter((context) => !left.has(context));
  open.forEach((context) => left.add(context));
  const patience = new Promise((go) => setTimeout(go, 5_000).unref());
  await Promise.race([Promise.allSettled(open.map((context) => context.close())), patience]);
}

/** Fails with the rule, the element and the reason of each violation. */
export async function assertAccessible(page, what) {
  // As tall as its content, so that no sticky bar happens to cover half a button and count as too small a target.
  const size = page.viewportSize();
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width: size.width, height: Math.max(size.height, height + 1) });
  // A busy machine may not have drawn the page in its new theme and size yet.
  await page.evaluate(async () => {
    const frame = () => new Promise((drawn) => requestAnimationFrame(drawn));
    await frame();
    await frame();
    const ending = document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ending.map((one) => one.finished));
  });
  // Evaluated through the debugger, so the policy of the page stays in force.
  await page.evaluate(axeSource);
  const result = await page.evaluate(() =>
    globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
  );
  await page.setViewportSize(size);
  const found = result.violations.flatMap((violation) =>
    violation.nodes.map((node) => `${violation.id}: ${node.target.join(" ")}\n    ${node.failureSummary?.replaceAll("\n", "\n    ")}`),
  );
  assert.deepEqual(found, [], `${what}: axe found ${found.length}\n${found.join("\n")}`);
}

/** No part of the page may stick out sideways; what is wide scrolls inside its own box. */
export async function assertNoOverflow(page, what) {
  const wide = await page.evaluate(() => {
    const limit = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= limit) return [];
    return [...document.querySelectorAll("body *")]
      .filter((each) => each.getBoundingClientRect().right > limit + 1)
      .slice(0, 8)
      .map((each) => `${each.tagName.toLowerCase()}.${each.getAttribute("class") ?? ""} → ${Math.round(each.getBoundingClientRect().right)}`);
  });
  assert.deepEqual(wide, [], `${what}: wider than the window`);
}

export async function picture(page, name) {
  const folder = process.env.SCREENSHOTS;
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: process.env.FULL === "1" });
}
