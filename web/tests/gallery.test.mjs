// Every gallery page, in both themes: accessible, quiet on the console, true to the policy, never too wide.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { pageNames, startGallery } from "../gallery/serve.mjs";
import { assertAccessible, assertNoOverflow, closePages, LIMIT, newPage, picture, PHONE, startBrowser, THEMES } from "./support.mjs";

let browser;
let gallery;
before(async () => {
  [browser, gallery] = await Promise.all([startBrowser(), startGallery()]);
});
after(async () => {
  await browser?.stop();
  await gallery?.close();
});
afterEach(() => closePages(browser));

const names = await pageNames();

for (const theme of THEMES) {
  for (const name of names) {
    test(`${name}, ${theme}`, LIMIT, async () => {
      const page = await newPage(browser, { origin: gallery.url, theme });
      await page.goto(`/${name}`, { waitUntil: "load" });
      await page.evaluate(() => document.fonts.ready);
      await picture(page, `${name}-${theme}`);
      await assertAccessible(page, `${name} at desk width`);
      await page.setViewportSize(PHONE);
      await picture(page, `${name}-${theme}-phone`);
      await assertAccessible(page, `${name} on a phone`);
      for (const width of [360, 600, 768, 1024, 1600]) {
        await page.setViewportSize({ width, height: 800 });
        await assertNoOverflow(page, `${name} at ${width} px`);
      }
      assert.deepEqual(page.faults, []);
    });
  }
}

// What only shows after a press is looked at too.
const OPENED = {
  keys: ["/alerts", async (page) => page.keyboard.press("?")],
  "user menu": ["/alerts", async (page) => page.locator(".topbar .menu > summary").click()],
  "action menu": ["/incident", async (page) => page.locator(".page-actions .menu > summary").click()],
  "confirmation": ["/components", async (page) => page.locator("#ask").click()],
  "toast": ["/components", async (page) => { await page.locator("#fail").click(); await page.locator("#toasts .toast").waitFor(); }],
  "bulk bar": ["/alerts", async (page) => page.locator("[data-select-all]").check()],
  "dialog": ["/incident-evidence", async (page) => page.locator("[data-opens]").click()],
  "drawer": ["/alerts", async (page) => { await page.setViewportSize(PHONE); await page.locator("[popovertarget=nav]").click(); }],
};
for (const theme of THEMES) {
  for (const [what, [path, act]] of Object.entries(OPENED)) {
    test(`${what} open, ${theme}`, LIMIT, async () => {
      const page = await newPage(browser, { origin: gallery.url, theme });
      await page.goto(path);
      await act(page);
      await picture(page, `open-${what.replaceAll(" ", "-")}-${theme}`);
      await assertAccessible(page, what);
    });
  }
}

test("the fonts are the shipped ones", LIMIT, async () => {
  const page = await newPage(browser, { origin: gallery.url });
  await page.goto("/alert");
  const loaded = await page.evaluate(async () => {
    await document.fonts.ready;
    return [...document.fonts].filter((font) => font.status === "loaded").map((font) => font.family.replaceAll('"', ""));
  });
  assert.ok(loaded.includes("Plex Sans") && loaded.includes("Plex Mono"), `loaded: ${loaded}`);
});
