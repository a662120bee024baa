// Evidence as people handle it: a file that goes on after its connection broke, acts that are signed, a hold, an
// export under a password.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { sitDown } from "./desk.mjs";
import { ADMIN, intrusion } from "./world.mjs";

const LIMIT = { timeout: 180_000 };
let desk;
let incident;

before(async () => {
  desk = await sitDown();
  const sent = await desk.send("/api/v1/intake?name=fin-ws-07.jsonl", intrusion("FIN-WS-07"));
  const alerts = sent.deliveries[0].alerts.slice(0, 1);
  const declaration = { title: "Credentials stolen on FIN-WS-07", type: "malware", alerts, functional: "low", information: "suspected", recoverability: "regular" };
  incident = (await desk.send("/api/v1/incidents", JSON.stringify(declaration), "application/json")).id;
}, LIMIT);

after(() => desk?.stop(), LIMIT);

test("a file that breaks off goes on where it was, and is an exhibit", LIMIT, async () => {
  const { page, world, holds } = desk;
  const content = randomBytes(40 * 1024 * 1024);
  await page.goto(`${world.origin}/incidents/${incident}/evidence`);
  const form = page.locator("form[data-tus]");
  await form.locator("input[type=file]").setInputFiles({ name: "memory.raw", mimeType: "application/octet-stream", buffer: content });
  await form.getByLabel("How it was acquired").fill("live memory image");
  await form.getByLabel("Where it was taken from").fill("FIN-WS-07, room 3.12");
  await form.getByLabel("With what tool").fill("winpmem");
  await form.getByLabel("Its version").fill("4.0");
  await form.getByLabel("Source device").fill("Lenovo T14, inventory 4711");
  await form.getByLabel("Its serial number").fill("PF3XK2Q1");
  // The second piece is cut on its way, once.
  let pieces = 0;
  const offsets = [];
  await page.route("**/api/v1/uploads/*", async (route) => {
    const request = route.request();
    if (request.method() !== "PATCH") return route.continue();
    offsets.push(request.headers()["upload-offset"]);
    pieces += 1;
    return pieces === 2 ? route.abort("connectionreset") : route.continue();
  });
  await form.getByRole("button", { name: "Hand over" }).click();
  await page.waitForURL(/\/evidence\/EVD-\d+$/, { timeout: 60_000 });
  await page.unroute("**/api/v1/uploads/*");
  const piece = 32 * 1024 * 1024;
  assert.deepEqual(offsets, ["0", String(piece), String(piece)], "nothing was sent twice but what was cut");
  page.faults.splice(0);
  assert.ok(await page.getByText(createHash("sha256").update(content).digest("hex")).first().isVisible());
  assert.ok(await page.getByText("Not signed yet").isVisible());
  await holds("evidence-item-new");
});

test("the collection is signed, the item sealed, and put under legal hold", LIMIT, async () => {
  const { page, holds } = desk;
  const act = async (summary, fill = {}) => {
    const box = page.locator("details.act").filter({ has: page.locator("summary", { hasText: summary }) });
    await box.locator("summary").click();
    for (const [label, value] of Object.entries(fill)) await box.getByLabel(label).fill(value);
    await box.locator("button[type=submit]").click();
  };
  await act("Sign the collection", { "Your password": "not my password" });
  await page.locator(".error-summary", { hasText: "password is not right" }).waitFor();
  await page.reload();
  await act("Sign the collection", { "Your password": ADMIN.password, Remark: "Compared with the tool's log" });
  await page.getByText("2 acts, 1 signed").waitFor();
  await act("Seal", { "Your password": ADMIN.password, "Seal number": "Bag 0117" });
  await page.getByText("3 acts, 2 signed").waitFor();
  await act("Put this item under legal hold", { "Who ordered it, and why": "Ordered by counsel, file 2026/118" });
  await page.getByText("Legal hold HLD-1").waitFor();
  await page.locator(".signature summary").first().click();
  page.faults.splice(0);
  await holds("evidence-item-signed");
});

test("the list tells what is held, and an export proposes its password", LIMIT, async () => {
  const { page, world, holds } = desk;
  await page.goto(`${world.origin}/evidence`);
  assert.ok(await page.getByText("Legal hold").first().isVisible());
  await holds("evidence-list");
  await page.goto(`${world.origin}/incidents/${incident}/evidence`);
  await holds("evidence-tab");
  await page.goto(`${world.origin}/evidence/EVD-2/export`);
  const proposed = await page.getByLabel("Password of the ZIP").inputValue();
  assert.match(proposed, /^([0-9a-z]{5}-){4}[0-9a-z]{5}$/);
  await holds("evidence-export");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Export" }).click()]);
  assert.equal(download.suggestedFilename(), "EVD-2.zip");
});
