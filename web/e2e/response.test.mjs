// A severity change that re-plans the response: told in words before it is confirmed, then tasks, people, times and
// approvals follow; whoever is called answers; a lower severity proposes what to leave.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { newPage, picture } from "../tests/support.mjs";
import { sitDown } from "./desk.mjs";

const LIMIT = { timeout: 180_000 };
const RITA = { name: "Rita Responder", email: "rita@example.org", password: "a long enough password" };
let world, page, send, holds, stop;

before(async () => {
  ({ world, page, send, holds, stop } = await sitDown());
}, LIMIT);

after(() => stop?.(), LIMIT);

test("people are named for the roles of the plan", LIMIT, async () => {
  await send("/api/v1/accounts", JSON.stringify({ ...RITA, role: "responder" }), "application/json", 201);
  await page.goto("/plan/people");
  await holds("plan-people");
  const lead = page.locator("#technical_lead");
  await lead.locator("summary").click();
  await lead.getByLabel("Technical lead, choice 1").selectOption({ label: RITA.name });
  await lead.getByRole("button", { name: "Save" }).click();
  await lead.locator(".person", { hasText: RITA.name }).waitFor();
});

test("another severity says what it sets going before anybody confirms it", LIMIT, async () => {
  const said = { title: "Files are being encrypted", type: "ransomware", functional: "low", information: "suspected", recoverability: "regular" };
  await send("/api/v1/incidents", JSON.stringify(said), "application/json", 201);
  await page.goto("/incidents/INC-1");
  await page.getByRole("heading", { name: "Response" }).waitFor();
  await holds("room-response");
  await page.goto("/incidents/INC-1/response");
  await page.getByRole("link", { name: "Change severity" }).click();
  await page.getByText("Choose a severity, and this says").waitFor();
  await page.getByLabel("Severity", { exact: true }).selectOption("critical");
  await page.getByText("This starts 13 actions, musters 7 roles, shortens updates to 1 hour").waitFor();
  await page.getByText("Closing the incident needs the approval of: Executive sponsor.").waitFor();
  await holds("severity-change");
  await page.getByLabel("Reason").fill("Backups are being deleted.");
  await page.getByRole("button", { name: "Set severity" }).click();
  await page.waitForURL(/\/incidents\/INC-1\/response$/);
  await page.locator(".status-bar .badge[data-severity=critical]").waitFor();
  assert.equal(await page.locator(".muster > li").count(), 9);
  await holds("response");
});

test("whoever is called finds it on every page, and comes", LIMIT, async () => {
  const rita = await newPage(page.context().browser(), { origin: world.origin });
  await rita.goto("/login");
  await rita.getByLabel("E-mail").fill(RITA.email);
  await rita.getByLabel("Password").fill(RITA.password);
  await rita.getByRole("button", { name: "Sign in" }).click();
  await rita.locator("#nav .nav-count", { hasText: "to answer" }).waitFor();
  await rita.goto("/mine");
  await rita.getByRole("heading", { name: "You are called as Technical lead" }).waitFor();
  await picture(rita, "mine-called");
  await rita.getByLabel(/When you come/).fill("On the bridge in five minutes");
  await rita.getByRole("button", { name: "I am coming" }).click();
  await rita.waitForURL(/\/incidents\/INC-1$/);
  await rita.goto("/mine");
  await rita.getByRole("heading", { name: "Where you are" }).waitFor();
  await rita.setViewportSize({ width: 390, height: 844 });
  await picture(rita, "mine-phone");
  await rita.close();
  // The page that was open all the time shows it by itself.
  await page.locator(".muster > li", { hasText: "On the bridge in five minutes" }).waitFor();
});

test("an act under approval is asked for, and refused until it is given", LIMIT, async () => {
  const act = page.locator(".acts > li", { hasText: "Public statement" });
  await act.locator("summary").click();
  await act.getByLabel(/What exactly/).fill("The statement of 04:10 on the home page");
  await act.getByRole("button", { name: "Ask for approval" }).click();
  await act.getByText("Asked for").waitFor();
  await holds("approvals");
  await page.goto("/incidents/INC-1/decisions");
  await page.locator("summary", { hasText: "Write down a decision" }).click();
  await page.getByLabel("What was decided").fill("Publish the statement");
  await page.getByLabel("Why").fill("The press knows.");
  await page.getByLabel("Act that may need approval").selectOption("public_statement");
  await page.getByRole("button", { name: "Write down" }).click();
  await page.getByText(/needs the approval of the communications lead/).waitFor();
  page.faults.splice(0);
});

test("a lower severity proposes what to leave, and drops nothing", LIMIT, async () => {
  await page.goto("/incidents/INC-1/severity?severity=low");
  await page.getByText(/Nothing is dropped/).waitFor();
  await page.getByLabel("Reason").fill("It was a test of the backup software.");
  await page.getByRole("button", { name: "Set severity" }).click();
  await page.getByRole("heading", { name: "Proposed to be skipped" }).waitFor();
  await holds("response-lower");
  const proposed = page.locator("#response .task");
  const count = await proposed.count();
  await proposed.first().getByRole("button", { name: "Skip as proposed" }).click();
  await page.waitForFunction((left) => document.querySelectorAll("#response .task").length === left, count - 1);
  await proposed.first().getByRole("button", { name: "Keep" }).click();
  await page.waitForFunction((left) => document.querySelectorAll("#response .task").length === left, count - 2);
});

test("tasks come from the library, and one's own go into it", LIMIT, async () => {
  await page.goto("/incidents/INC-1/tasks");
  await page.getByRole("link", { name: "From the library" }).click();
  await page.getByRole("heading", { name: "Add tasks from the library" }).waitFor();
  await holds("task-library");
  await page.getByLabel("Find", { exact: true }).fill("backup clean");
  await page.getByRole("button", { name: "Filter" }).click();
  await page.getByRole("button", { name: "Add: Choose the backup that is clean" }).click();
  await page.waitForURL(/\/incidents\/INC-1\/tasks$/);
  const added = page.locator(".task", { hasText: "Choose the backup that is clean" });
  await added.waitFor();
  const first = page.locator("#task-list .task", { has: page.locator("summary", { hasText: "Assign or skip" }) }).first();
  await first.locator("summary", { hasText: "Assign or skip" }).click();
  await first.getByRole("button", { name: "Save for others" }).click();
  await page.locator(".toast", { hasText: "Saved in the library" }).waitFor();
  await page.goto("/tasks/library");
  await page.getByRole("heading", { name: "Your own" }).waitFor();
  await holds("library");
});

test("what the incident did and cost is written down and summed", LIMIT, async () => {
  await page.goto("/incidents/INC-1/impact");
  await holds("impact-empty");
  await page.locator("summary", { hasText: "Record data and people" }).click();
  await page.getByLabel("Personal data", { exact: true }).check();
  await page.getByLabel("Customers and users").check();
  await page.getByLabel(/How many people/).fill("300-1000");
  await page.getByLabel(/Where they live/).fill("DE, US-CA");
  await page.getByLabel("Known from").fill("Listing of the share");
  await page.getByRole("button", { name: "Record", exact: true }).click();
  await page.getByText("300 to 1,000").waitFor();
  for (const [amount, currency] of [["1,200.50", "EUR"], ["5,000", "JPY"]]) {
    await page.locator("summary", { hasText: "Write down a cost" }).click();
    const form = page.locator("form[action$='/impact/cost']");
    await form.getByLabel("Amount").fill(amount);
    await form.getByLabel("Currency").fill(currency);
    await form.getByLabel("What for").fill("Response firm");
    await form.getByRole("button", { name: "Write down" }).click();
    await page.getByText(`${currency} ${amount}`).first().waitFor();
  }
  await page.locator("summary", { hasText: "Write down work" }).click();
  const work = page.locator("form[action$='/impact/effort']");
  await work.getByLabel("Minutes").fill("150");
  await work.getByLabel("On what").fill("Reading the logs of the share");
  await work.getByRole("button", { name: "Write down" }).click();
  await page.getByText("2 h 30 min").first().waitFor();
  await holds("impact");
});
