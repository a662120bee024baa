// Values and the graph, clicked through: a pasted text, where else a value was seen, what is like an incident, and the
// graph of real Windows logs where they are at hand.
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import { sitDown } from "./desk.mjs";
import { intrusion } from "./world.mjs";

const LIMIT = { timeout: 240_000 };
const JSON_TYPE = "application/json";
const shared = process.env.WATCHBELL_SHARED ?? join(dirname(fileURLToPath(import.meta.url)), "../../../shared");
let page, send, holds, stop;

before(async () => {
  ({ page, send, holds, stop } = await sitDown());
  for (const host of ["ws-17.example.org", "ws-18.example.org"]) {
    const told = await send(`/api/v1/intake?name=${host}.jsonl`, intrusion(host));
    await declare(`Intrusion on ${host}`, told.deliveries[0].alerts);
  }
}, LIMIT);

after(() => stop?.(), LIMIT);

async function declare(title, alerts) {
  const said = { title, type: "ransomware", functional: "medium", information: "privacy", recoverability: "supplemented", alerts };
  return (await send("/api/v1/incidents", JSON.stringify(said), JSON_TYPE)).id;
}

test("a pasted text becomes observables after a look", LIMIT, async () => {
  await page.goto("/incidents/INC-1/things");
  await page.getByRole("link", { name: "Paste a text", exact: true }).first().click();
  await page.getByLabel("Text").fill("hxxps://evil[.]example[.]org/a came from 203[.]0[.]113[.]9 and ws-18.example.org");
  await page.getByRole("button", { name: "Look for values" }).click();
  await page.getByRole("heading", { name: /values found/ }).waitFor();
  await holds("paste");
  await page.getByLabel("What they are").selectOption("indicator");
  await page.getByLabel(/^Tags/).fill("kit-17");
  await page.getByRole("button", { name: "Add the selected" }).click();
  await page.waitForURL(/things$/);
  await page.getByRole("link", { name: "203.0.113.9" }).waitFor();
  await holds("things");
});

test("a value that is added by hand says at once where it was seen", LIMIT, async () => {
  await page.goto("/incidents/INC-2/things");
  await page.locator("summary", { hasText: "Add an observable" }).click();
  await page.getByLabel("Value", { exact: true }).fill("203[.]0[.]113[.]9");
  await page.locator("form[action$='/observables'] button[type=submit]").click();
  await page.getByText("Seen before: 203.0.113.9").waitFor();
  await holds("seen-before");
  await page.getByRole("link", { name: "See all that is known of it" }).click();
  await page.getByRole("heading", { name: "203.0.113.9" }).waitFor();
  await holds("value");
  await page.goto("/observables?q=203[.]0");
  await page.getByRole("link", { name: "203.0.113.9" }).waitFor();
  await holds("observables");
});

test("what is like an incident or an alert is named with its reasons", LIMIT, async () => {
  await page.goto("/incidents/INC-1");
  assert.match(await page.locator("#panel-similar").innerText(), /INC-2[\s\S]*the SHA-256/);
  await holds("room-similar");
  await page.goto("/alerts/ALR-1");
  await page.locator("#similar-incidents").waitFor();
  await page.getByRole("heading", { name: "Similar alerts" }).waitFor();
  await holds("alert-similar");
});

test("the graph shows who ran what, and follows a pointer and the keys", LIMIT, async () => {
  await page.goto("/incidents/INC-1/graph");
  const shell = page.locator("a.graph-node", { hasText: "cmd.exe" }).first();
  await shell.hover();
  await page.locator("svg[data-focused]").waitFor();
  assert.ok((await page.locator(".graph-edge[data-near]").count()) > 0);
  await page.mouse.move(5, 5);
  await shell.focus();
  await page.keyboard.press("ArrowRight");
  const focused = await page.evaluate(() => document.activeElement?.textContent);
  assert.match(focused, /vssadmin\.exe|whoami\.exe/);
  const before = await page.locator("svg[data-graph]").getAttribute("viewBox");
  await page.getByRole("button", { name: "Larger" }).click();
  assert.notEqual(await page.locator("svg[data-graph]").getAttribute("viewBox"), before);
  await page.getByRole("button", { name: "Fit" }).click();
  await holds("graph");
  await page.locator("label.chip", { hasText: "Host" }).click();
  await page.getByRole("button", { name: "Filter" }).click();
  await page.waitForURL(/kind=host/);
  assert.equal(await page.locator(".graph-node").count(), 1);
  await page.getByRole("link", { name: "All", exact: true }).click();
  await page.locator("summary", { hasText: "Relations by when" }).click();
  await page.getByRole("cell", { name: "starts" }).first().waitFor();
  await holds("graph-table");
});

test("real Windows logs are drawn so that they can be read", LIMIT, async (t) => {
  const folder = join(shared, "data/evtx-attack-samples");
  for (const tactic of ["Lateral Movement", "Execution"]) {
    let names;
    try {
      names = (await readdir(join(folder, tactic))).filter((name) => name.endsWith(".evtx")).slice(0, 40);
    } catch {
      return t.skip(`${folder} is not there`);
    }
    const alerts = new Set();
    for (const name of names) {
      const told = await send(`/api/v1/intake?name=${encodeURIComponent(name)}`, await readFile(join(folder, tactic, name)));
      for (const alert of told.deliveries.flatMap((delivery) => delivery.alerts)) alerts.add(alert);
    }
    const id = await declare(`${tactic} in real logs`, [...alerts]);
    await page.goto(`/incidents/${id}/graph`);
    assert.ok((await page.locator(".graph-node").count()) > 5, tactic);
    await page.getByRole("button", { name: "Fit" }).click();
    await holds(`graph-${tactic.toLowerCase().replace(" ", "-")}`);
  }
});
