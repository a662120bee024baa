// Every gallery page, in both themes: accessible, quiet on the console, true to the policy, never too wide.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { pageNames, startGallery } from "../gallery/serve.mjs";
import { assertAccessible, assertNoOverflow, newPage, picture, PHONE, startBrowser, THEMES } from "./support.mjs";

let browser;
let gallery;
before(async () => {
  [browser, gallery] = await Promise.all([startBrowser(), startGallery()]);
});
after(async () => {
  await browser?.close();
  await gallery?.close();
});

const names = await pageNames();

for (const theme of THEMES) {
  for (const name of names) {
    test(`${name}, ${theme}`, async () => {
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
      await page.context().close();
    });
  }
}

test("the fonts are the shipped ones", async () => {
  const page = await newPage(browser, { origin: gallery.url });
  await page.goto("/alert");
  const loaded = await page.evaluate(async () => {
    await document.fonts.ready;
    return [...document.fonts].filter((font) => font.status === "loaded").map((font) => font.family.replaceAll('"', ""));
  });
  assert.ok(loaded.includes("Plex Sans") && loaded.includes("Plex Mono"), `loaded: ${loaded}`);
  await page.context().close();
});
