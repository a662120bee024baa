// Incidents and each other, clicked through: linked, a child that holds up the closing of its parent, merged into
// one and parted again. Each page is checked for accessibility in both themes and for overflow on a phone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sitDown } from "./desk.mjs";
import { intrusion } from "./world.mjs";

const LIMIT = { timeout: 180_000 };
const JSON_TYPE = "application/json";
let page, send, holds, stop;

before(async () => {
  ({ page, send, holds, stop } = await sitDown());
  for (const [place, host] of ["ws-17.example.org", "ws-18.example.org", "ws-19.example.org"].entries()) {
    const told = await send(`/api/v1/intake?name=${host}.jsonl`, intrusion(host));
    const alerts = told.deliveries[0].alerts;
    const said = { title: `Intrusion on ${host}`, type: "ransomware", functional: "medium", information: "privacy",
      recoverability: "supplemented", alerts };
    const made = await send("/api/v1/incidents", JSON.stringify(said), JSON_TYPE);
    assert.equal(made.id, `INC-${place + 1}`);
  }
}, LIMIT);

after(() => stop?.(), LIMIT);

const main = () => page.locator("main").innerText();

test("an incident is linked, and both say so", LIMIT, async () => {
  await page.goto("/incidents/INC-2/related");
  await page.getByText("No link is made yet").waitFor();
  await holds("related-none");
  await page.locator("summary", { hasText: "Link another incident" }).click();
  await page.getByLabel("INC-2", { exact: true }).selectOption("caused_by");
  await page.getByLabel("Incident", { exact: true }).fill("INC-1");
  await page.getByLabel("Why").fill("The password was stolen there.");
  await page.getByRole("button", { name: "Link", exact: true }).click();
  await page.waitForURL(/related#LNK-1$/);
  await page.getByRole("region", { name: "Linked incidents" }).getByRole("link", { name: /INC-1 Intrusion/ }).waitFor();
  await page.goto("/incidents/INC-1");
  assert.match(await page.locator("#panel-related").innerText(), /Caused INC-2/);
});

test("a parent names its children, and asks before it is closed over them", LIMIT, async () => {
  const said = { kind: "child_of", other: "INC-1", reason: "Led by the branch office." };
  await send("/api/v1/incidents/INC-3/links", JSON.stringify(said), JSON_TYPE);
  await page.goto("/incidents/INC-1/related");
  await page.getByText("1 of 1 open").waitFor();
  await holds("related-parent");
  await page.goto("/incidents/INC-1/close");
  await page.getByRole("checkbox", { name: /Leave its children open/ }).waitFor();
  await holds("close-parent");
});

test("two incidents become one, and what both saw stands once", LIMIT, async () => {
  await page.goto("/incidents/INC-1/related");
  await page.getByRole("link", { name: "Merge another into it" }).click();
  await page.getByText("Which one?").waitFor();
  await holds("merge-which");
  await page.getByRole("radio", { name: /INC-2/ }).check({ force: true });
  await page.getByRole("button", { name: "Look at both" }).click();
  await page.getByRole("heading", { name: "Merge INC-2 into INC-1?" }).waitFor();
  await holds("merge-look");
  await page.getByLabel("Why they are one").fill("The same tool on both hosts within the hour.");
  await page.getByRole("button", { name: "Merge INC-2 into INC-1" }).click();
  await page.getByRole("heading", { name: "Merged into this incident" }).waitFor();
  await holds("merged");
  for (const tab of ["timeline", "tasks", "things", "decisions", "evidence"]) {
    await page.goto(`/incidents/INC-1/${tab}`);
    assert.match(await main(), /from INC-2/, tab);
  }
  await page.goto("/incidents/INC-1/things");
  assert.match(await main(), /also in INC-2/);
  await holds("merged-things");
  await page.goto("/incidents/INC-2/tasks");
  await page.getByRole("link", { name: "Open INC-1" }).waitFor();
  await holds("merged-stub");
  await page.goto("/incidents");
  assert.doesNotMatch(await main(), /INC-2 Intrusion/);
});

test("they part again, each as it was", LIMIT, async () => {
  const note = JSON.stringify({ kind: "note", text: "Written while they were one" });
  await send("/api/v1/incidents/INC-1/entries", note, JSON_TYPE);
  await page.goto("/incidents/INC-2");
  await page.getByLabel("Why INC-2 stands alone").fill("Two intruders, as the keys show.");
  await page.getByRole("button", { name: "Part INC-2" }).click();
  await page.getByRole("link", { name: "Timeline" }).first().waitFor();
  await page.goto("/incidents/INC-1/timeline");
  assert.match(await main(), /Written while they were one/);
  assert.doesNotMatch(await main(), /from INC-2/);
  await page.goto("/incidents/INC-2/timeline");
  assert.doesNotMatch(await main(), /Written while they were one/);
  await page.goto("/incidents/INC-1/related");
  await page.getByText("Two intruders, as the keys show.").waitFor();
  await holds("parted");
});
