// Evidence is looked at without being run: a mail, an archive that slips, an event log, a program that calls
// itself a picture, text as UTF-16. The mail is split, its values are added to the incident. Nothing of an
// item is drawn, followed or loaded; each page is checked for accessibility in both themes and on a phone.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { sitDown } from "./desk.mjs";
import { intrusion } from "./world.mjs";

const LIMIT = { timeout: 120_000 };
const root = fileURLToPath(new URL("../..", import.meta.url));
const shared = process.env.WATCHBELL_SHARED ?? join(root, "../shared");
let world, page, send, holds, stop, key;

before(async () => {
  ({ world, page, send, holds, stop } = await sitDown());
  key = (await readFile(join(world.data, "cli-key"), "utf8")).trim();
  const told = await send("/api/v1/intake?name=ws-17.jsonl", `${intrusion("ws-17.example.org")}\n`);
  const declared = {
    title: "Invoice mail opened", type: "malware", functional: "low", information: "none", recoverability: "regular",
    alerts: told.deliveries[0].alerts,
  };
  await send("/api/v1/incidents", JSON.stringify(declared), "application/json");
}, LIMIT);

after(() => stop?.(), LIMIT);

/** Hands a file over as evidence of the incident and gives its number. */
async function handOver(name, bytes) {
  const form = new FormData();
  for (const [field, value] of [["method", "saved from the mailbox"], ["tool", "Outlook 16"], ["place", "p.anders"]]) form.set(field, value);
  form.set("file", new Blob([bytes]), name);
  const answer = await fetch(`${world.origin}/api/v1/incidents/INC-1/evidence`, {
    method: "POST", headers: { authorization: `Bearer ${key}` }, body: form,
  });
  assert.equal(answer.status, 201, await answer.clone().text());
  return (await answer.json()).id;
}

async function nothingRan() {
  assert.equal(await page.evaluate("typeof window.pwned"), "undefined");
  assert.deepEqual(page.faults, []);
}

test("a mail is shown as text and split into items; its values are added with a tick", LIMIT, async () => {
  const id = await handOver("invoice.eml", await readFile(join(root, "crates/exhibit/tests/fixtures/invoice.eml")));
  await page.goto(`/evidence/${id}`);
  await page.getByRole("link", { name: "Look inside" }).click();
  await page.waitForURL(/\/view\/mail$/);
  await page.getByText("Answers go to another domain").waitFor();
  await page.getByText("hxxps://login[.]evil[.]example/pay").waitFor();
  assert.equal(await page.locator("main a[href*='evil']").count(), 0, "no link of the mail can be followed");
  assert.equal(await page.locator("main img, main iframe, main object").count(), 0);
  await nothingRan();
  await holds("mail");
  await page.getByRole("button", { name: "Split" }).click();
  await page.getByRole("heading", { name: "Taken out of this item" }).waitFor();
  assert.equal(await page.locator("section[aria-labelledby=derived] tbody tr").count(), 6);
  await holds("mail-split");
  await page.getByRole("link", { name: /Rechnung\.pdf\.exe/ }).click();
  await page.getByText("attachment 1").first().waitFor();
  await page.goto(`/evidence/${id}/view/mail`);
  await page.getByRole("checkbox", { name: /accounts@freemail\.example/ }).check();
  await page.getByRole("checkbox", { name: /^203\.0\.113\.77/ }).check();
  await page.getByLabel("They are").selectOption("indicator");
  await page.getByRole("button", { name: "Add to INC-1" }).click();
  await page.waitForURL(/\/things$/);
  await page.getByText("accounts@freemail.example").first().waitFor();
});

test("an archive is listed, a member taken out, and one that slips is not", LIMIT, async () => {
  const zip = join(shared, "data/hostile/zipslip/archives/zip-slip.zip");
  if (!existsSync(zip)) return console.log("skipped: the public archive that slips is not there");
  const id = await handOver("good.zip", await readFile(zip));
  await page.goto(`/evidence/${id}/view`);
  await page.getByText("leads out of the folder").waitFor();
  await holds("archive");
  assert.equal(await page.getByRole("button", { name: /Take out/ }).count(), 1, "only the good member");
  await page.getByRole("button", { name: /Take out/ }).click();
  await page.waitForURL(/\/evidence\/EVD-\d+$/);
  await page.getByText(`member 1`).first().waitFor();
  await page.getByRole("link", { name: id, exact: true }).waitFor();
});

test("an event log is a table whose rows open, and can be filtered", LIMIT, async () => {
  const log = join(shared, "data/evtx-attack-samples/UACME_59_Sysmon.evtx");
  if (!existsSync(log)) return console.log("skipped: the public event logs are not there");
  const id = await handOver("UACME_59_Sysmon.evtx", await readFile(log));
  await page.goto(`/evidence/${id}/view`);
  await page.waitForURL(/\/view\/table$/);
  await page.getByRole("columnheader", { name: "Channel" }).waitFor();
  await holds("evtx");
  await page.getByLabel("Show records that hold").fill("EventID=1");
  await page.getByRole("button", { name: "Filter" }).click();
  await page.waitForURL(/q=EventID/);
  const numbers = await page.locator("tbody td[data-label=Event]").allInnerTexts();
  assert.ok(numbers.length > 0 && numbers.every((number) => number.trim() === "1"), `${numbers}`);
  await page.locator("tbody .row-link").first().click();
  await page.getByRole("heading", { name: "Original record" }).waitFor();
  await page.getByRole("rowheader", { name: "CommandLine" }).first().waitFor();
  await holds("record");
});

test("bytes are shown as digits, strings and text, and a wrong name is told", LIMIT, async () => {
  const program = new Uint8Array(9_000);
  program.set([0x4d, 0x5a, 0x90, 0]);
  program.set(new TextEncoder().encode("<script>window.pwned=1</script> kernel32.dll"), 100);
  program.set([..."http://evil.example"].flatMap((sign) => [sign.charCodeAt(0), 0]), 6_000);
  const id = await handOver("holiday.jpg", program);
  await page.goto(`/evidence/${id}/view`);
  await page.getByText("The name and the bytes do not agree").waitFor();
  await holds("hex");
  await page.getByLabel("Go to byte").fill("0x1770");
  await page.getByRole("button", { name: "Go" }).click();
  await page.getByText("00001770").waitFor();
  await page.getByRole("link", { name: "Strings" }).click();
  await page.getByText("http://evil.example").waitFor();
  await nothingRan();
  await holds("strings");

  const lines = Array.from({ length: 450 }, (_, n) => `line ${n + 1} <img src=x onerror=window.pwned=1>`);
  const text = Buffer.from(`\ufeff${lines.join("\r\n")}`, "utf16le");
  const note = await handOver("note.txt", text);
  await page.goto(`/evidence/${note}/view`);
  await page.getByText("Lines 1 to 200").waitFor();
  await holds("text");
  await page.getByRole("link", { name: "Next", exact: true }).click();
  await page.getByText("Lines 201 to 400").waitFor();
  await page.getByLabel("Find in this item").fill("LINE 449");
  await page.getByRole("button", { name: "Find" }).click();
  await page.getByText("1 place").waitFor();
  await holds("found");
  await page.locator(".finds a").click();
  await page.locator("mark", { hasText: "line 449" }).waitFor();
  await nothingRan();
});
