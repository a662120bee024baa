// What comes in by itself, and how its noise is kept down: a source and its quarantine, an alert that another
// tool reports, alerts merged and parted, an exception made of a false positive. Each page on the way is
// checked for accessibility in both themes and for overflow on a phone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sitDown } from "./desk.mjs";
import { intrusion } from "./world.mjs";

const LIMIT = { timeout: 120_000 };
let page, send, holds, stop;

before(async () => {
  ({ page, send, holds, stop } = await sitDown());
}, LIMIT);

after(() => stop?.(), LIMIT);

async function said(text) {
  await page.locator(".toast", { hasText: text }).waitFor();
}

test("a source appears with its first batch, and keeps what could not be read", LIMIT, async () => {
  await page.goto("/sources");
  await page.getByText("No source has sent anything yet").waitFor();
  await holds("sources-empty");
  const lines = `${intrusion("ws-17.example.org")}\n{"half": "written\n`;
  const told = await send("/api/v1/sources/collector/events?format=json-lines", lines);
  assert.equal(told.refused, 1);
  await page.getByRole("link", { name: "collector" }).waitFor();
  await holds("sources");
  await page.getByRole("link", { name: "collector" }).click();
  await page.getByRole("heading", { name: "collector" }).waitFor();
  await page.getByText("1 batch,").waitFor();
  await holds("source");
  await page.getByLabel(/Alarm after minutes/).fill("30");
  await page.getByRole("button", { name: "Save" }).click();
  await said("Saved");
  await page.locator("#held").scrollIntoViewIfNeeded();
  await page.getByRole("link", { name: /INT-1, / }).click();
  await page.getByRole("heading", { name: "A record that could not be read" }).waitFor();
  await holds("quarantine");
  await page.goto("/sources/SRC-1");
  await page.getByLabel("Why they can be given up").fill("The sender was cut off; it sent the record again.");
  await page.getByRole("button", { name: "Discard all" }).click();
  await page.locator("dialog[open] button[type=submit]").click();
  await page.getByText("Every record was read, or is settled.").waitFor();
});

test("an alert that another tool reports is dealt with like any", LIMIT, async () => {
  const alert = {
    type: "external", source: "siem", sourceRef: "a1", title: "LSASS was read", severity: 3, tags: ["T1003.001"],
    description: "Seen by <b>another</b> tool.", observables: [{ dataType: "hostname", data: "ws-20.example.org" }],
  };
  await send("/thehive/api/v1/alert", JSON.stringify(alert), "application/json");
  await page.goto("/?q=LSASS was read");
  await page.getByRole("link", { name: "LSASS was read" }).click();
  await page.getByRole("heading", { name: "What was reported" }).waitFor();
  assert.match(await page.locator("main").innerText(), /Seen by <b>another<\/b> tool\./);
  await holds("alert-outside");
});

test("alerts are merged from the queue and parted again as they were", LIMIT, async () => {
  await page.goto("/");
  const rows = page.locator("#queue tbody tr, main tbody tr");
  const before = await rows.count();
  const boxes = page.locator("main tbody input[type=checkbox]");
  await boxes.nth(0).check();
  await boxes.nth(1).check();
  await holds("queue-chosen");
  await page.getByRole("button", { name: "Merge" }).click();
  await page.getByRole("heading", { name: /Merge 2 alerts into one/ }).waitFor();
  await holds("merge");
  await page.getByRole("button", { name: "Merge" }).click();
  await page.getByRole("heading", { name: "Merged into this" }).waitFor();
  await holds("merged");
  await page.goto("/");
  assert.equal(await rows.count(), before - 1);
  await page.goBack();
  await page.getByRole("button", { name: "Part them all" }).click();
  await said("parted");
  await page.goto("/");
  assert.equal(await rows.count(), before);
});

test("a false positive becomes an exception, which is ended again", LIMIT, async () => {
  await page.goto("/suppressions");
  await holds("suppressions-empty");
  await page.goto("/");
  await page.getByRole("link", { name: /Shadow Copies/i }).first().click();
  const alert = page.url();
  await page.getByRole("link", { name: "Dismiss" }).click();
  await page.locator("input[value=false_positive]").check({ force: true });
  await page.locator("textarea[name=reason]").fill("The backup job does this each night.");
  await page.getByRole("button", { name: "Dismiss" }).click();
  await page.waitForURL((url) => !url.pathname.endsWith("/dismiss"));
  await page.goto(alert);
  await page.getByRole("link", { name: "Propose an exception" }).waitFor();
  await holds("alert-dismissed");
  await page.getByRole("link", { name: "Propose an exception" }).click();
  await page.getByText(/3 of 3 events of this alert; its rule has no other alerts/).waitFor();
  await holds("suppress");
  await page.getByLabel("Why").fill("The backup job does this each night.");
  await page.locator("main form.form button[type=submit]").click();
  await page.waitForURL(/\/suppressions$/);
  await page.getByText("SUP-1").waitFor();
  await holds("suppressions");
  await page.getByRole("button", { name: "End now" }).click();
  await page.getByText(/^ended/).waitFor();
});
