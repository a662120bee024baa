// One incident of an organisation in two regions, from nobody knowing whom to tell to three notices that are recorded as sent:
// profile, questions, clocks of GDPR, NIS2 and DORA, fact sheet, approval by somebody else, receipts. Each page is checked for
// accessibility in both themes and for overflow on a phone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { newPage } from "../tests/support.mjs";
import { sitDown } from "./desk.mjs";

const LIMIT = { timeout: 180_000 };
const MARA = { name: "Mara Manager", email: "mara@example.org", password: "another long password" };
let world, page, mara, send, holds, stop;

/** What a field for date and time holds in Berlin, so many hours ago. */
function hoursAgo(hours) {
  const at = new Date(Date.now() - hours * 3_600_000);
  return at.toLocaleString("sv-SE", { timeZone: "Europe/Berlin" }).replace(" ", "T");
}

before(async () => {
  ({ world, page, send, holds, stop } = await sitDown());
  const incident = {
    title: "Payment service down, customer data read",
    type: "data_breach",
    functional: "low",
    information: "privacy",
    recoverability: "regular",
  };
  await send("/api/v1/incidents", JSON.stringify(incident), "application/json", 201);
  await send("/api/v1/accounts", JSON.stringify({ ...MARA, role: "incident_manager" }), "application/json", 201);
  mara = await newPage(page.context().browser(), { origin: world.origin });
  await mara.goto("/login");
  await mara.getByLabel("E-mail").fill(MARA.email);
  await mara.getByLabel("Password").fill(MARA.password);
  await mara.getByRole("button", { name: "Sign in" }).click();
  await mara.waitForURL(`${world.origin}/`);
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
  await page.getByLabel("Short name").fill("customer-north");
  await page.getByLabel("Partner").fill("North Ltd");
  await page.getByLabel("Clause").fill("Master agreement, clause 14.2");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("button", { name: "Remove" }).waitFor();
  await holds("obligations-profile");
  await page.goto("/settings");
  await page.getByRole("link", { name: "Duties to notify: who we are" }).waitFor();
});

test("answers settle duties, and the clocks of both regions run from the right moments", LIMIT, async () => {
  await page.goto("/incidents/INC-1/obligations");
  await page.getByRole("heading", { name: /May apply/ }).waitFor();
  await holds("obligations-open");
  const questions = page.locator("section", { has: page.locator("#questions") });
  await questions.getByText(/more questions/).click();
  await questions.getByLabel("Personal data", { exact: true }).check();
  await questions.getByLabel("How likely is a risk").selectOption("risk");
  await questions.getByLabel("For itself (controller)").check();
  await questions.getByLabel("Is it significant under NIS2").selectOption("yes");
  await questions.getByLabel("Is it classified as a major ICT-related incident").selectOption("yes");
  await questions.getByLabel("When was it classified as major").fill(hoursAgo(3.5));
  await questions.getByRole("button", { name: "Record the facts" }).click();
  await page.getByText("Facts recorded").waitFor();
  await page.getByText("Correct what is known").click();
  await page.getByLabel("When was the organisation reasonably certain").fill(hoursAgo(13));
  await page.getByRole("button", { name: "Correct", exact: true }).click();
  await page.getByText("Facts corrected").waitFor();

  const gdpr = page.locator("#gdpr_33");
  await gdpr.getByText("Because: ").waitFor();
  await gdpr.getByText("58 h", { exact: false }).or(gdpr.getByText("2 d 10 h left")).first().waitFor();
  await gdpr.getByText("By the other reading").waitFor();
  // DORA's four hours are the first to end, and stand in the bar of every page of the incident.
  await page.locator(".tile", { hasText: "Report a major ICT-related incident: Initial notification" }).waitFor();
  const first = await page.locator("#applies ~ .duty h3").first().textContent();
  assert.equal(first, "Report a major ICT-related incident");
  await holds("obligations");
  await page.goto("/incidents/INC-1/timeline");
  await page.getByText(/Initial notification: 75 % of the time is gone/).first().waitFor();
  await page.getByText(/Early warning: 50 % of the time is gone/).first().waitFor();
  await holds("obligations-timeline");
});

test("the fact sheet is written once", LIMIT, async () => {
  await page.goto("/incidents/INC-1/obligations");
  await page.getByRole("link", { name: "Fact sheet" }).click();
  await page.getByLabel("What happened").fill("The payment service stood still for two hours; a stranger read a database of customers.");
  await page.getByLabel("Who reports, and whom to ask").fill("Sample Organisation, Ada Admin, privacy@example.org");
  await holds("obligations-sheet");
  await page.getByRole("button", { name: "Write" }).click();
  await page.waitForURL(/obligations$/);
});

/** Walks a notice from the clock of its duty to the receipt; pictures are taken if it has a name. */
async function walk(duty, stage, to, receipt, name) {
  await page.goto(`/incidents/INC-1/obligations#${duty}`);
  await page.locator(`#${duty}`).getByRole("button", { name: new RegExp(`Draft the notice ${stage}`) }).click();
  await page.getByText("The payment service stood still").first().waitFor();
  if (name) await holds(`${name}-draft`);
  await page.getByRole("button", { name: "Send for approval" }).click();
  await page.locator("dialog[open] .button[data-kind=primary]").click();
  await page.getByText("Somebody else approves it").waitFor();
  assert.equal(await page.getByRole("button", { name: "Approve" }).count(), 0);
  await mara.goto(`/incidents/INC-1/obligations`);
  await mara.locator(`#${duty}`).getByRole("link", { name: /^Approve/ }).click();
  await mara.getByRole("button", { name: "Approve" }).click();
  await mara.getByText("Approved, not sent").first().waitFor();
  await page.reload();
  if (name) await holds(`${name}-approved`);
  await page.getByLabel("To", { exact: true }).fill(to);
  await page.getByLabel("How", { exact: true }).fill("The authority's portal");
  await page.getByLabel("Receipt").fill(receipt);
  await page.getByRole("button", { name: "Record as sent" }).click();
  await page.getByText(receipt).first().waitFor();
  if (name) await holds(`${name}-sent`);
}

test("GDPR, NIS2 and DORA: drafted, approved by somebody else, recorded as sent with the receipt", LIMIT, async () => {
  await walk("dora_19", "Initial notification", "BaFin", "DORA-2026-77", "notice");
  await walk("nis2_23", "Early warning", "BSI", "NIS-4711");
  await walk("gdpr_33", "Notification within 72 hours", "Berlin data protection authority", "BN-9");
  await page.goto("/incidents/INC-1/obligations");
  const dora = page.locator("#dora_19");
  // The next report runs from the sending, not from the deadline.
  await dora.locator(".clock", { hasText: "Intermediate report" }).getByText(/^(2 d 23 h|3 d) left$/).waitFor();
  await dora.getByText("the deadline was").waitFor();
  await holds("obligations-sent");
  const pdf = await page.request.get("/incidents/INC-1/obligations/notices/NTC-1/file?format=pdf");
  assert.equal((await pdf.body()).subarray(0, 5).toString(), "%PDF-");
  const docx = await page.request.get("/incidents/INC-1/obligations/notices/NTC-1/file?format=docx");
  assert.equal((await docx.body()).subarray(0, 2).toString(), "PK");
  const report = await page.request.get("/incidents/INC-1/report?format=md");
  assert.ok(report.ok());
});

test("the sheet moves on, and the notices that went out are set against it", LIMIT, async () => {
  await page.goto("/incidents/INC-1/obligations/sheet");
  await page.getByLabel("What happened").fill("A stranger read two databases of customers.");
  await page.getByRole("button", { name: "Write" }).click();
  await page.getByText("Notices say different things").waitFor();
  await holds("obligations-contradictions");
});

test("that nobody is told is proposed with a reason, and decided by somebody else", LIMIT, async () => {
  await page.goto("/incidents/INC-1/obligations");
  const north = page.locator("#customer-north");
  // One that may apply stands folded, one that applies does not.
  const unfold = (duty) => duty.locator("summary").first().evaluate((summary) => { summary.parentElement.open = true; });
  await unfold(north);
  await north.getByText("Not notifiable because").click();
  await north.getByLabel("Reason").fill("Their data is not in it.");
  await north.getByRole("button", { name: "Propose" }).click();
  await north.getByText("Not notifiable: waiting for approval").waitFor();
  await holds("obligations-proposed");
  await mara.goto("/incidents/INC-1/obligations");
  await unfold(mara.locator("#customer-north"));
  await mara.locator("#customer-north").getByRole("button", { name: "Approve" }).click();
  await mara.locator("dialog[open] .button", { hasText: "Approve" }).click();
  await mara.locator("#customer-north .badge", { hasText: "Not notifiable" }).waitFor();
  await page.goto("/incidents/INC-1/decisions");
  await page.getByText("Not notifiable: Tell North Ltd").first().waitFor();
});
