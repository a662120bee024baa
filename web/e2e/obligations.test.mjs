// Who must be told: the profile, the questions, the clocks, a decision by two people and a notice to its receipt. Each page is
// checked for accessibility in both themes and for overflow on a phone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sitDown } from "./desk.mjs";

const LIMIT = { timeout: 180_000 };
let page, send, holds, stop;

before(async () => {
  ({ page, send, holds, stop } = await sitDown());
  const incident = {
    title: "Mailbox read by a stranger",
    type: "data_breach",
    functional: "low",
    information: "privacy",
    recoverability: "regular",
  };
  await send("/api/v1/incidents", JSON.stringify(incident), "application/json");
}, LIMIT);

after(() => stop?.(), LIMIT);

test("without a profile the tab names the next step, and the profile is filled in", LIMIT, async () => {
  await page.goto("/incidents/INC-1/obligations");
  await page.getByRole("heading", { name: "Nobody has said yet who the organisation is" }).waitFor();
  await holds("obligations-no-profile");
  await page.getByRole("link", { name: "Fill in the profile" }).click();
  await page.getByLabel("In which countries").fill("DE, US");
  await page.getByLabel("Important entity (NIS2)").check();
  await page.getByLabel("Financial entity (DORA)").check();
  await page.getByLabel("US listed company").check();
  await page.getByLabel("Time zone").fill("Europe/Berlin");
  await page.getByLabel("Why").fill("Confirmed by counsel.");
  await page.getByRole("button", { name: "Put in force" }).click();
  await page.getByText("Confirmed by counsel.").waitFor();
  await page.getByText("Add a contract").click();
  await page.getByLabel("Short name").fill("customer_north");
  await page.getByLabel("Partner").fill("North Ltd");
  await page.getByLabel("Clause").fill("Master agreement, clause 14.2");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("button", { name: "Remove" }).waitFor();
  await holds("obligations-profile");
});

test("answers settle duties, and the clocks run", LIMIT, async () => {
  await page.goto("/incidents/INC-1/obligations");
  await page.getByRole("heading", { name: /May apply/ }).waitFor();
  await holds("obligations-open");
  await page.getByLabel("Personal data", { exact: true }).check();
  await page.getByText(/more questions/).click();
  await page.getByLabel("How likely is a risk").selectOption("risk");
  await page.getByLabel("For itself (controller)").check();
  await page.getByLabel("How many people does the data concern").fill("300-1000");
  await page.getByRole("button", { name: "Record the facts" }).click();
  await page.getByText("Facts recorded").waitFor();
  const gdpr = page.locator("#gdpr_33");
  await gdpr.getByText("Strict: hour by hour").waitFor();
  await gdpr.getByText("Why", { exact: true }).click();
  await gdpr.getByText("Personal data is concerned.").waitFor();
  assert.match(await page.locator(".status-bar-next").textContent(), /North Ltd|Notify|Report/);
  await holds("obligations");
});

test("a notice is drafted from the sheet and sent for approval, which its author cannot give", LIMIT, async () => {
  await page.getByRole("link", { name: "Fact sheet" }).click();
  await page.getByLabel("What happened").fill("A mailbox was read by a stranger.");
  await page.getByLabel("Who reports, and whom to ask").fill("Sample Organisation, privacy@example.org");
  await holds("obligations-sheet");
  await page.getByRole("button", { name: "Write" }).click();
  await page.waitForURL(/obligations$/);
  await page.locator("#gdpr_33").getByRole("button", { name: /Draft the notice Notification/ }).click();
  await page.getByText("A mailbox was read by a stranger.").waitFor();
  await page.getByText("The law wants more").waitFor();
  await holds("notice");
  await page.getByRole("button", { name: "Send for approval" }).click();
  await page.locator("dialog[open] button[type=submit], dialog[open] .button[data-kind=primary]").first().click();
  await page.getByText("Somebody else approves it").waitFor();
  await holds("notice-in-approval");
});

test("that nobody is told is proposed with a reason", LIMIT, async () => {
  await page.goto("/incidents/INC-1/obligations");
  const north = page.locator("#customer_north");
  await north.getByText("Not notifiable because").click();
  await north.getByLabel("Reason").fill("Their data is not in it.");
  await north.getByRole("button", { name: "Propose" }).click();
  await north.getByText("Not notifiable: waiting for approval").waitFor();
  await holds("obligations-proposed");
});
