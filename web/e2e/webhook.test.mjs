// A webhook from nothing: made on the page, its mapping refused with a line, tried, saved, mended after a body
// that did not fit. Each page on the way is checked for accessibility in both themes and for overflow.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sitDown } from "./desk.mjs";

const LIMIT = { timeout: 120_000 };
let page, send, holds, stop;

before(async () => {
  ({ page, send, holds, stop } = await sitDown());
}, LIMIT);

after(() => stop?.(), LIMIT);

const knock = (body) => send("/api/v1/webhooks/door-system", JSON.stringify(body), "application/json", 201);

const MAPPING = `product: windows
category: process_creation
time: when
host: door.host
fields:
  Image: program
  CommandLine: command
alert:
  title: what
  severity: {from: grade, then: [{words: {"1": critical, "2": high}}]}
  host: door.host
  id: id
`;
const ALERT = {
  id: "d-1", when: "2026-11-24T03:00:00Z", what: "Door controller tampered with", grade: 1, door: { host: "door-ctl-1" },
  program: "C:\\Windows\\System32\\vssadmin.exe", command: "vssadmin.exe delete shadows /all /quiet",
};

test("a webhook is made, and a mapping with a fault is told by its line", LIMIT, async () => {
  await page.goto("/sources");
  await page.getByLabel("Name", { exact: true }).fill("door-system");
  await page.getByRole("button", { name: "Make a webhook" }).click();
  await page.getByRole("heading", { name: "What door-system sends" }).waitFor();
  await holds("webhook-mapping-new");
  await page.getByLabel("Mapping", { exact: true }).fill("product: doors\nfeilds: {}\n");
  await page.getByLabel("Body to try it on").fill("{}");
  await page.getByRole("button", { name: "Try it" }).click();
  await page.getByText(/Line 2: /).waitFor();
  assert.match(await page.getByLabel("Mapping", { exact: true }).inputValue(), /feilds/);
  // A mapping that cannot be used is answered with 422, which the browser writes down as a fault of the page's.
  assert.deepEqual(page.faults.splice(0).filter((fault) => !String(fault).includes("422")), []);
  await holds("webhook-mapping-refused");
});

test("it is tried, saved, and what comes becomes events and alerts", LIMIT, async () => {
  await page.getByLabel("Mapping", { exact: true }).fill(MAPPING);
  await page.getByLabel("Body to try it on").fill(JSON.stringify([ALERT, { id: "d-2", what: "Odd", grade: 9 }], null, 2));
  await page.getByRole("button", { name: "Try it" }).click();
  await page.getByRole("heading", { name: "What would come of it" }).waitFor();
  await page.getByText("windows / process_creation / –").waitFor();
  await page.getByText("1 event, 1 refused").waitFor();
  await page.getByText(/let the mapping translate it/).waitFor();
  assert.ok(await page.locator("section[aria-label='record 1'] a[href^='/rules/']").count() > 0, "a rule fires");
  await holds("webhook-mapping-tried");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("link", { name: "Version 1" }).waitFor();
  assert.equal((await knock([ALERT])).events, 1);
  assert.equal((await knock({ id: "d-3", what: "Door held open", grade: 9 })).refused, 1);
  await page.goto("/?q=Door controller tampered with");
  await page.getByRole("link", { name: "Door controller tampered with" }).waitFor();
});

test("what did not fit stands in the box; mended and saved, it is replayed", LIMIT, async () => {
  await page.goto("/sources/SRC-1");
  await page.getByText("Version 1 is in force").waitFor();
  await holds("webhook-source");
  await page.getByRole("link", { name: "Change or try it" }).click();
  assert.match(await page.getByLabel("Body to try it on").inputValue(), /Door held open/);
  await page.getByLabel("Mapping", { exact: true }).fill(MAPPING.replace('"2": high', '"2": high, "9": low'));
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("link", { name: "Version 2" }).waitFor();
  await page.goto("/sources/SRC-1");
  await page.getByRole("button", { name: "Replay" }).click();
  await page.waitForURL(/\/intake\/INT-/);
  await page.goto("/?q=Door held open");
  await page.getByRole("link", { name: "Door held open" }).waitFor();
});
