// Channels from nothing: one is set up, tried and its refusal told; the escalation is set; somebody says when they want
// to be left alone. Each page is checked for accessibility in both themes and for overflow.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sitDown } from "./desk.mjs";

const LIMIT = { timeout: 120_000 };
let page, holds, stop;

before(async () => {
  ({ page, holds, stop } = await sitDown());
}, LIMIT);

after(() => stop?.(), LIMIT);

test("a channel is set up and tried, and what kept it from sending is told", LIMIT, async () => {
  await page.goto("/notifications");
  await page.getByRole("heading", { name: "Nothing was sent yet" }).waitFor();
  await holds("notify-none");
  await page.goto("/settings/channels");
  await page.getByText("Nobody can be reached yet").waitFor();
  await page.getByText("E-mail (SMTP)").click();
  const form = page.locator("form:has(input[name=kind][value=smtp])");
  await form.getByLabel("Name", { exact: true }).fill("Mail");
  await form.getByLabel(/^Relay/).fill("smtp-unencrypted://127.0.0.1:9");
  await form.getByLabel(/^Sender/).fill("watchbell@example.org");
  await holds("notify-channel-form");
  await form.getByRole("button", { name: "Set up" }).click();
  await page.getByLabel(/to which Mail is tried/).fill("ada@example.org");
  await page.getByRole("button", { name: "Send a test" }).click();
  await page.getByText("CHN-1 did not take the message.").waitFor();
  await page.getByText(/--reach 127\.0\.0\.1:9/).waitFor();
  await holds("notify-channel-refused");
});

test("the escalation is set, and quiet hours", LIMIT, async () => {
  await page.goto("/settings/channels");
  await page.getByLabel("Steps", { exact: true }).fill("10 incident_commander\n5 USR-1");
  await page.getByRole("button", { name: "Set", exact: true }).click();
  await page.getByText("The escalation is set").waitFor();
  await page.goto("/settings/channels");
  assert.equal(await page.getByLabel("Steps", { exact: true }).inputValue(), "5 USR-1\n10 incident_commander\n");
  await page.goto("/settings/me");
  await page.getByLabel("From", { exact: true }).fill("22:00");
  await page.getByLabel("To", { exact: true }).fill("07:00");
  await page.getByLabel("Time zone").fill("Europe/Berlin");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved").waitFor();
  await page.goto("/settings/me");
  assert.equal(await page.getByLabel("Time zone").inputValue(), "Europe/Berlin");
  await holds("notify-me");
});
