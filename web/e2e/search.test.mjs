// One box over everything: from the key that leads to it to the place where what was found stands.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sitDown } from "./desk.mjs";
import { intrusion } from "./world.mjs";

const LIMIT = { timeout: 180_000 };
const JSON_TYPE = "application/json";
let page, send, holds, stop;

before(async () => {
  ({ page, send, holds, stop } = await sitDown());
  const told = await send("/api/v1/intake?name=ws-17.jsonl", intrusion("ws-17.example.org"));
  const said = { title: "Intrusion on ws-17", type: "ransomware", functional: "medium", information: "privacy",
    recoverability: "supplemented", alerts: told.deliveries[0].alerts, summary: "The file server asks for a ransom." };
  await send("/api/v1/incidents", JSON.stringify(said), JSON_TYPE);
  const note = { kind: "note", text: "The ransom note names ransom-desk.example and <script>alert('ransom')</script>." };
  await send("/api/v1/incidents/INC-1/entries", JSON.stringify(note), JSON_TYPE);
}, LIMIT);

after(() => stop?.(), LIMIT);

test("the key leads to the box, and what is typed there is found", LIMIT, async () => {
  await page.goto("/incidents");
  await page.keyboard.press("/");
  await page.keyboard.type("ransom");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/search\?q=ransom/);
  await page.getByRole("heading", { name: "Incidents", exact: true }).waitFor();
  assert.equal(await page.locator(".topbar-search input").inputValue(), "ransom");
  assert.ok((await page.locator(".found mark").count()) > 3);
  assert.match(await page.locator("main").innerText(), /<script>alert/);
  await holds("search-found");
});

test("one kind alone, and from there to the place", LIMIT, async () => {
  await page.getByRole("group", { name: "Kind" }).getByRole("link", { name: "Timeline" }).click();
  await page.waitForURL(/kind=entry/);
  await holds("search-kind");
  await page.locator(".found-title", { hasText: "ransom-desk" }).click();
  await page.waitForURL(/\/incidents\/INC-1\/timeline#ENT-/);
});

test("nothing found, and nothing asked, say what to do", LIMIT, async () => {
  await page.goto("/search?q=zzzzqqqq");
  await page.getByRole("heading", { name: "Nothing found" }).waitFor();
  await holds("search-nothing");
  await page.goto("/search");
  await page.getByText("How to look").waitFor();
  await holds("search-empty");
});

test("a value that was made harmless to click is the value", LIMIT, async () => {
  await page.goto(`/search?q=${encodeURIComponent("hxxp://ransom-desk[.]example")}`);
  assert.doesNotMatch(await page.locator("main").innerText(), /ransom-desk\.example/);
  await page.goto(`/search?q=${encodeURIComponent("ransom-desk[.]example")}`);
  assert.match(await page.locator("main").innerText(), /ransom-desk\.example/);
});
