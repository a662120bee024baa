// Fields and statuses of the organisation's own: defined in the settings, filled in in the room, seen in the list.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sitDown } from "./desk.mjs";

const LIMIT = { timeout: 120_000 };
let page, send, holds, stop;

before(async () => {
  ({ page, send, holds, stop } = await sitDown());
  const said = { title: "Invoice fraud by mail", type: "phishing", functional: "low", information: "suspected", recoverability: "regular" };
  await send("/api/v1/incidents", JSON.stringify(said), "application/json", 201);
}, LIMIT);

after(() => stop?.(), LIMIT);

test("the settings say what is there, and take fields and statuses", LIMIT, async () => {
  await page.goto("/settings");
  await page.getByRole("link", { name: "Fields and statuses of incidents" }).click();
  await page.getByText("No field of your own yet").waitFor();
  await holds("custom-empty");
  const fields = page.getByRole("region", { name: "Fields" });
  const form = { at: fields.locator("form[action$='/fields']"), open: () => fields.getByText("Add a field").click() };
  const add = async (values, kind) => {
    await form.open();
    for (const [label, value] of Object.entries(values)) await form.at.getByLabel(label).fill(value);
    await form.at.getByLabel("Holds").selectOption({ label: kind });
    await form.at.getByRole("button", { name: "Add the field" }).click();
    await fields.locator("strong", { hasText: values.Name }).waitFor();
  };
  await add({ Name: "Change ticket", Key: "change_ticket", "What to write there": "The number in the service desk" }, "One line");
  await add({ Name: "Business unit", Key: "unit", Choices: "Retail\nWholesale\nLogistics" }, "One of a list");
  await form.open();
  await form.at.getByLabel("Name").fill("Loss in euro");
  await form.at.getByLabel("Key").fill("loss");
  await form.at.getByLabel("Holds").selectOption({ label: "Number" });
  await form.at.getByLabel("Must be filled in").check();
  await holds("custom-adding");
  await form.at.getByRole("button", { name: "Add the field" }).click();
  await fields.getByText("Needed to close").waitFor();
  const statuses = page.getByRole("region", { name: "Statuses" });
  await statuses.getByText("Add a status").click();
  await statuses.getByLabel("Name").fill("Waiting for the bank");
  await statuses.getByLabel("The response waits").check();
  await statuses.getByRole("button", { name: "Add the status" }).click();
  await statuses.getByText("Waits for others").waitFor();
  await holds("custom");
});

test("they are filled in in the room, and the list shows them", LIMIT, async () => {
  await page.goto("/incidents/INC-1");
  const panel = page.locator("#panel-own");
  await panel.getByText("needed to close").waitFor();
  await panel.getByText("Fill in").click();
  await panel.getByLabel("Change ticket").fill("CHG-1042");
  await panel.getByLabel("Business unit").selectOption("Wholesale");
  await panel.getByLabel("Loss in euro").fill("about a million");
  await panel.getByRole("button", { name: "Save" }).click();
  await panel.getByText("write a number").waitFor();
  assert.equal(await panel.getByLabel("Change ticket").inputValue(), "CHG-1042", "what was typed is kept");
  page.faults.splice(0);
  await panel.getByLabel("Loss in euro").fill("12,500.50");
  await panel.getByRole("button", { name: "Save" }).click();
  await panel.getByText("12500.50").waitFor();
  await panel.locator("summary", { hasText: "Status" }).click();
  await panel.getByLabel("Status", { exact: true }).selectOption("Waiting for the bank");
  await panel.getByLabel("Reason").fill("They open at nine");
  await panel.getByRole("button", { name: "Set status" }).click();
  await page.locator("#status-bar .badge", { hasText: "Waiting for the bank" }).waitFor();
  await holds("custom-room");
  await page.goto("/incidents");
  await page.getByText("Waiting for the bank").waitFor();
  await holds("custom-list");
});
