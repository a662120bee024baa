// What the browser modules do, on the gallery's pages and under the real policy.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { startGallery } from "../gallery/serve.mjs";
import { closePages, LIMIT, newPage, PHONE, startBrowser } from "./support.mjs";

let browser;
let gallery;
before(async () => {
  [browser, gallery] = await Promise.all([startBrowser(), startGallery()]);
});
after(async () => {
  await browser?.stop();
  await gallery?.close();
});
// Also after a failed test, so that its page disturbs no other.
afterEach(() => closePages(browser));
beforeEach(() => {
  gallery.seen.length = 0;
  gallery.state.liveDown = false;
});

async function open(path, options = {}) {
  const page = await newPage(browser, { origin: gallery.url, ...options });
  await page.goto(path);
  return page;
}
const until = async (what, check, ms = 5000) => {
  const end = Date.now() + ms;
  while (Date.now() < end) {
    if (await check()) return;
    await new Promise((go) => setTimeout(go, 50));
  }
  assert.fail(`never happened: ${what}`);
};

test("j and k walk the rows, x selects, the bar counts, Enter opens", LIMIT, async () => {
  const page = await open("/alerts");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Shadow copies deleted");
  assert.equal(await page.locator(".bulk-bar").isVisible(), false);
  await page.keyboard.press("x");
  await page.keyboard.press("k");
  await page.keyboard.press("x");
  assert.equal(await page.locator("[data-bulk-count]").textContent(), "2 selected");
  assert.equal(await page.locator(".bulk-bar").isVisible(), true);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/alert");
});

test("a acknowledges the focused row, and only that one", LIMIT, async () => {
  const page = await open("/alerts");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("a");
  await until("the row's own address was posted to", () => gallery.seen.some((one) => one.path === "/alerts/01J9A2/acknowledge"));
});

test("keys are left alone while typing, and when switched off", LIMIT, async () => {
  const page = await open("/alerts");
  await page.keyboard.press("/");
  await page.keyboard.type("jxa?");
  assert.equal(await page.locator('[role="search"] input').inputValue(), "jxa?");
  assert.equal(await page.locator("dialog").count(), 0);
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await page.getByLabel("Single keys are on").uncheck();
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  assert.equal(await page.evaluate(() => document.activeElement.matches(".row-link")), false);
});

test("g then i goes to the incidents", LIMIT, async () => {
  const page = await open("/alerts");
  await page.keyboard.press("g");
  await page.keyboard.press("i");
  await page.waitForURL("**/incidents");
});

test("one box selects all, Shift selects a range, Clear empties", LIMIT, async () => {
  const page = await open("/alerts");
  await page.locator("[data-select-all]").check();
  assert.equal(await page.locator("[data-bulk-count]").textContent(), "7 selected");
  await page.getByRole("button", { name: "Clear" }).click();
  assert.equal(await page.locator(".bulk-bar").isVisible(), false);
  const boxes = page.locator("tbody .cell-select input");
  await boxes.nth(1).click();
  await boxes.nth(4).click({ modifiers: ["Shift"] });
  assert.equal(await page.locator("[data-bulk-count]").textContent(), "4 selected");
});

test("a click in a row opens it; a click on its box does not", LIMIT, async () => {
  const page = await open("/alerts");
  await page.locator("tbody .cell-select input").first().click();
  assert.match(page.url(), /\/alerts$/);
  await page.locator("tbody td[data-type=number]").first().click();
  await page.waitForURL("**/alert");
});

test("a change refetches the list, and keeps ticks and place", LIMIT, async () => {
  const page = await open("/alerts");
  await page.locator('.live[data-state="live"]').waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  gallery.seen.length = 0;
  gallery.change("alerts");
  gallery.change("alerts");
  await until("the list was fetched", () => gallery.seen.some((one) => one.path === "/alerts" && one.htmx));
  await page.waitForTimeout(500);
  assert.equal(gallery.seen.filter((one) => one.htmx).length, 1, "a burst of changes is one request");
  assert.equal(await page.locator("[data-bulk-count]").textContent(), "1 selected");
  assert.equal(await page.locator("tbody .cell-select input:checked").count(), 1);
  assert.match(await page.evaluate(() => document.activeElement.textContent), /^LSASS/);
  assert.deepEqual(page.faults, []);
});

test("a broken connection is shown, and everything is fetched when it is back", LIMIT, async () => {
  const page = await open("/alerts");
  await page.locator('.live[data-state="live"]').waitFor();
  gallery.state.liveDown = true;
  gallery.dropLive();
  await page.locator('.live[data-state="reconnecting"]').waitFor({ timeout: 15_000 });
  assert.equal(await page.locator(".live-text").textContent(), "Reconnecting…");
  gallery.seen.length = 0;
  gallery.state.liveDown = false;
  await page.locator('.live[data-state="live"]').waitFor({ timeout: 30_000 });
  await until("the list was fetched", () => gallery.seen.some((one) => one.path === "/alerts" && one.htmx));
});

test("what can't be undone is asked for first, and Cancel sends nothing", LIMIT, async () => {
  const page = await open("/components");
  await page.locator("#ask").click();
  await page.getByRole("dialog", { name: "Replace this key?" }).waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  assert.equal(gallery.seen.filter((one) => one.path === "/rotate").length, 0);
  await page.locator("#ask").click();
  await page.getByRole("dialog").getByRole("button", { name: "Replace key" }).click();
  await until("the form was sent", () => gallery.seen.some((one) => one.path === "/rotate"));
});

test("closing an incident asks for its number", LIMIT, async () => {
  const page = await open("/incident");
  await page.locator(".page-actions .menu > summary").click();
  await page.getByRole("button", { name: "Close incident" }).click();
  const go = page.getByRole("dialog").getByRole("button", { name: "Close incident" });
  assert.equal(await go.isDisabled(), true);
  await page.getByLabel("Type INC-41 to go on").fill("INC-41");
  await go.click();
  await until("the form was sent", () => gallery.seen.some((one) => one.path === "/incidents/INC-41/close"));
});

test("a refused request shows the problem's words as text", LIMIT, async () => {
  const page = await open("/components");
  await page.locator("#fail").click();
  const toast = page.locator('#toasts .toast[data-level="error"]');
  await toast.waitFor();
  assert.match(await toast.textContent(), /Jon closed <b>INC-7<\/b> a minute ago\./);
  assert.equal(await toast.locator("b").count(), 0);
  await toast.getByRole("button", { name: "Dismiss" }).click();
  assert.equal(await toast.count(), 0);
});

test("a toast comes with the answer's header", LIMIT, async () => {
  const page = await open("/components");
  await page.locator("#work").click();
  await page.locator('#toasts .toast[data-level="good"]', { hasText: "The alert is yours." }).waitFor();
  assert.deepEqual(page.faults, []);
});

test("files go up one by one; a refused one says why and holds up none", LIMIT, async () => {
  const page = await open("/incident-evidence");
  const files = ["one.evtx", "damaged.evtx", "<img src=x>.log"].map((name) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from("ElfFile\0") }));
  await page.locator("input[type=file]").setInputFiles(files);
  await page.locator('.upload[data-state="done"]', { hasText: "1,204 events · 12 detections · 3 alerts" }).nth(1).waitFor();
  await page.locator('.upload[data-state="failed"]', { hasText: "damaged.evtx: chunk 3 at byte 196608 has a wrong checksum" }).waitFor();
  assert.equal(await page.locator(".upload-name", { hasText: "<img src=x>.log" }).count(), 1);
  assert.equal(gallery.seen.filter((one) => one.path === "/intake").length, 3);
  assert.match(await page.locator(".uploads-total [role=status]").first().textContent(), /3 of 3 files, 1 not taken/);
});

test("a dropped file is sent too", LIMIT, async () => {
  const page = await open("/incident-evidence");
  const transfer = await page.evaluateHandle(() => {
    const made = new DataTransfer();
    made.items.add(new File(["x"], "dropped.json"));
    return made;
  });
  await page.dispatchEvent(".dropzone", "dragover", { dataTransfer: transfer });
  assert.equal(await page.locator(".dropzone[data-over]").count(), 1);
  await page.dispatchEvent(".dropzone", "drop", { dataTransfer: transfer });
  await page.locator('.upload[data-state="done"]', { hasText: "dropped.json" }).waitFor();
});

test("the severity proposal is drawn by the server as facts change", LIMIT, async () => {
  const page = await open("/declare");
  await page.locator('input[name="functional"][value="high"]').check();
  await page.locator('#proposal[data-severity="critical"]').waitFor();
  assert.deepEqual(page.faults, []);
});

test("the theme is kept, and stands before the first paint", LIMIT, async () => {
  const page = await open("/alerts");
  const button = page.locator("[data-theme-switch]");
  await button.click();
  await button.click();
  assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
  await page.reload({ waitUntil: "commit" });
  await page.waitForSelector("html.scripted", { state: "attached" });
  assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
  await button.click();
  assert.equal(await page.locator("html").getAttribute("data-theme"), null);
});

test("times are the reader's, and the title tells UTC", LIMIT, async () => {
  const page = await open("/alert");
  const time = page.locator("time[data-local]").first();
  const at = new Date(await time.getAttribute("datetime"));
  const there = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: "Europe/Stockholm" }).format(at);
  assert.equal(await time.textContent(), there);
  assert.ok((await time.getAttribute("title")).includes(`${at.toISOString().slice(0, 19).replace("T", " ")} UTC`));
  assert.match(await page.locator("time[data-relative]").first().textContent(), /min ago$/);
});

test("Escape closes a menu and gives the focus back", LIMIT, async () => {
  const page = await open("/alert");
  await page.getByLabel("More actions").click();
  assert.equal(await page.locator("details.menu[open]").count(), 1);
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("details.menu[open]").count(), 0);
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "SUMMARY");
});

test("lanes of the timeline switch off", LIMIT, async () => {
  const page = await open("/incident-timeline");
  const shown = () => page.locator('.entry[data-lane="adversary"]:visible').count();
  assert.equal(await shown(), 3);
  await page.locator(".chip", { hasText: "Adversary" }).click();
  assert.equal(await shown(), 0);
});

test("on a phone the rest of the navigation opens as a drawer", LIMIT, async () => {
  const page = await open("/alerts", { viewport: PHONE });
  assert.equal(await page.locator("#nav").isVisible(), false);
  await page.getByRole("button", { name: "More" }).click();
  assert.equal(await page.locator("#nav").getByRole("link", { name: "Ledger" }).isVisible(), true);
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("#nav").isVisible(), false);
});

test("without scripts: lists, selection, upload and menus still work", LIMIT, async () => {
  const page = await open("/alerts", { scripts: false });
  await page.locator('input[value="01J9A1"]').check();
  await page.locator(".bulk-bar").getByRole("button", { name: "Acknowledge" }).click();
  await until("the form was sent", () => gallery.seen.some((one) => one.path === "/alerts/acknowledge" && one.body.includes("alert=01J9A1")));
  await page.goto("/alert");
  await page.locator("summary[aria-label='More actions']").click();
  assert.equal(await page.getByRole("button", { name: "Dismiss" }).isVisible(), true);
  await page.goto("/incident-evidence");
  assert.equal(await page.locator(".dropzone input[type=file]").isVisible(), true);
  assert.equal(await page.locator(".dropzone-send").isVisible(), true);
  await page.setViewportSize(PHONE);
  await page.getByRole("button", { name: "More" }).click();
  assert.equal(await page.locator("#nav").getByRole("link", { name: "Plan" }).isVisible(), true);
});

test("copying puts the text on the clipboard", LIMIT, async () => {
  const page = await open("/ledger");
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: "Copy root hash" }).click();
  await page.locator(".copy[data-copied]").waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "tLm5mY3hC5OG6pRjH1Gz0J5uY1f7rE2oJb8oY0mJd0s=");
});
