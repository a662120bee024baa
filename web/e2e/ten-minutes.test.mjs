// A user's first ten minutes, clicked through: set-up, import, the live queue, an incident to its end,
// report, bundle, proof. Each page on the way is checked for accessibility and for overflow on a phone.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { assertAccessible, assertNoOverflow, newPage, picture, startBrowser } from "../tests/support.mjs";
import { ADMIN, command, intrusion, setUp, startWatchbell } from "./world.mjs";

const LIMIT = { timeout: 120_000 };
let world, browser, page;

before(async () => {
  world = await startWatchbell();
  browser = await startBrowser();
  page = await newPage(browser, { origin: world.origin });
}, LIMIT);

after(async () => {
  await browser?.stop();
  await world?.stop();
}, LIMIT);

/** Sends the form of a button that asks for confirmation, and confirms. */
async function confirmed(button) {
  await button.click();
  await page.locator("dialog[open] button[type=submit]").click();
}

/** Waits for the word that tells of an act. */
async function said(text) {
  await page.locator(".toast", { hasText: text }).waitFor();
}

test("the set-up link makes the first administrator, once", LIMIT, async () => {
  await page.goto(world.setup);
  await assertAccessible(page, "set-up");
  await setUp(page, world);
  await assertAccessible(page, "an empty queue");
  await picture(page, "queue-empty");
  const again = await page.request.get(world.setup, { maxRedirects: 0 });
  assert.equal(again.status(), 303);
  await page.goto("/plan");
  await page.getByRole("heading", { level: 1 }).first().waitFor();
});

test("signing in with a wrong password says so, with the right one lets in", LIMIT, async () => {
  const other = await newPage(browser, { origin: world.origin });
  await other.goto("/");
  await other.waitForURL(/\/login/);
  await assertAccessible(other, "sign-in");
  for (const [password, ends] of [["not the password", /login/], [ADMIN.password, /\/$/]]) {
    await other.getByLabel("E-mail").fill(ADMIN.email);
    await other.getByLabel("Password").fill(password);
    await other.getByRole("button", { name: "Sign in" }).click();
    await other.waitForLoadState();
    assert.match(other.url(), ends);
  }
});

test("an import from the command line shows in the open queue by itself", LIMIT, async () => {
  await page.goto("/");
  const file = join(world.folder, "ws-17.jsonl");
  await writeFile(file, intrusion("ws-17.example.org"));
  const told = await command(world, "import", file, "--data", world.data);
  assert.equal(told.code, 0, told.stderr);
  await page.getByRole("link", { name: /Shadow Copies/i }).first().waitFor();
  assert.match(await page.locator("#queue-sub").innerText(), /wait for triage/);
  await assertAccessible(page, "the queue");
  await assertNoOverflow(page, "the queue");
  await picture(page, "alerts");
});

test("files dropped on the intake page are read", LIMIT, async () => {
  await page.goto("/intake");
  const buffer = Buffer.from(intrusion("ws-18.example.org"));
  await page.setInputFiles("#pick", { name: "ws-18.jsonl", mimeType: "application/json", buffer });
  await page.locator(".uploads").getByText(/alerts/).waitFor();
  await assertAccessible(page, "intake");
  await picture(page, "intake");
});

test("an analyst acknowledges, and declares an incident with the plan's severity", LIMIT, async () => {
  await page.goto("/");
  await page.getByRole("link", { name: /Shadow Copies/i }).first().click();
  await assertAccessible(page, "an alert");
  await picture(page, "alert");
  await page.getByRole("button", { name: "Acknowledge" }).click();
  await page.getByText("Acknowledged").first().waitFor();
  await page.getByRole("link", { name: "Declare incident" }).first().click();
  await page.getByLabel("Name", { exact: true }).fill("Ransomware on a workstation");
  for (const [fact, answer] of [["functional", "medium"], ["information", "privacy"], ["recoverability", "supplemented"]]) {
    await page.locator(`input[name=${fact}][value=${answer}]`).check({ force: true });
  }
  await page.locator("#proposal[data-severity=high]").waitFor();
  await assertAccessible(page, "declaring");
  await picture(page, "declare");
  await page.getByRole("button", { name: "Declare incident" }).click();
  await page.waitForURL(/\/incidents\/INC-1$/);
  await page.getByRole("heading", { name: "Ransomware on a workstation" }).waitFor();
  await picture(page, "incident");
});

test("the incident has tasks, evidence, things and a timeline", LIMIT, async () => {
  for (const [path, text] of [
    ["/incidents/INC-1", /To do now/],
    ["/incidents/INC-1/tasks", /Containment/],
    ["/incidents/INC-1/timeline", /vssadmin/],
    ["/incidents/INC-1/things", /ws-1[78]/],
    ["/incidents/INC-1/decisions", /Decisions/],
    ["/incidents/INC-1/evidence", /ws-1[78]\.jsonl/],
    ["/incidents/INC-1/people", /Ada Admin/],
    ["/incidents", /Ransomware on a workstation/],
    ["/evidence", /EVD-1/],
    ["/evidence/EVD-1", /collected/i],
  ]) {
    await page.goto(path);
    assert.match(await page.locator("main").innerText(), text, path);
    await assertAccessible(page, path);
    await assertNoOverflow(page, path);
    await picture(page, path.slice(1).replaceAll("/", "-"));
  }
});

test("people work on it, and all they do stands on the timeline", LIMIT, async () => {
  await page.goto("/incidents/INC-1/tasks");
  await page.locator("button.task-mark").first().click();
  await said(/^Done: /);
  await page.goto("/incidents/INC-1/decisions");
  await page.locator("summary", { hasText: "Write down a decision" }).click();
  await page.locator("form[action$='/decisions'] [name=decision]").fill("Isolate ws-17 at the switch");
  await page.locator("form[action$='/decisions'] [name=reason]").fill("Shadow copies are gone; encryption may follow");
  await page.getByRole("button", { name: "Write down", exact: true }).click();
  await said(/decision is written down/);
  await page.goto("/incidents/INC-1/timeline");
  await page.locator("summary", { hasText: "Add an entry" }).click();
  await page.locator("form[action$='/entries'] [name=text]").fill("The user says that files cannot be opened");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await said(/Added to the timeline/);
  await page.goto("/incidents/INC-1/timeline");
  const timeline = await page.locator("main").innerText();
  for (const text of [/Isolate ws-17/, /files cannot be opened/, /done/i]) assert.match(timeline, text);
  await picture(page, "timeline");
});

test("a refused form keeps what was typed; a list that is written in waits", LIMIT, async () => {
  await page.goto("/incidents/INC-1/tasks");
  await page.locator("summary", { hasText: "Add a task" }).click();
  const title = page.locator("form[action$='/tasks'] [name=title]");
  await title.fill("x".repeat(300));
  await page.locator("form[action$='/tasks'] button[type=submit]").click();
  await page.locator(".error-summary", { hasText: "200 characters" }).waitFor();
  assert.equal((await title.inputValue()).length, 300);
  // The browser notes the refusal itself; nothing else may be wrong.
  assert.match(page.faults.splice(0).join("\n"), /^console: Failed to load resource: .* 422 [^\n]*$/);

  await page.locator("summary", { hasText: "Assign or skip" }).first().click();
  const why = page.locator("#task-list input[name=reason]").first();
  await why.fill("half a rea");
  const done = page.locator(".task[data-state=done]");
  const before = await done.count();
  const other = await page.context().newPage();
  await other.goto("/incidents/INC-1/tasks");
  await other.locator("button.task-mark").last().click();
  await other.locator(".toast").waitFor();
  await other.close();
  await page.waitForTimeout(1000);
  assert.equal(await why.inputValue(), "half a rea");
  assert.equal(await done.count(), before);
  await why.fill("");
  await why.blur();
  await done.nth(before).waitFor();
  assert.ok(await why.isVisible(), "what was unfolded stays so");
});

test("a further alert joins the open incident", LIMIT, async () => {
  await page.goto("/");
  await page.locator(".row-link").first().click();
  await page.getByRole("link", { name: "Declare incident" }).first().click();
  await page.getByRole("button", { name: "Add to INC-1" }).click();
  await page.waitForURL(/\/incidents\/INC-1$/);
  await said(/part of this incident/);
});

test("it moves through the phases and is closed with outcome, root cause and lessons", LIMIT, async () => {
  for (const phase of ["assessment", "containment", "eradication", "recovery"]) {
    await page.goto("/incidents/INC-1");
    const form = page.locator("form[action$='/phase']", { has: page.locator("select") });
    await page.locator("details", { has: form }).locator("summary").first().click();
    await form.locator("select").selectOption(phase);
    await confirmed(form.locator("button[type=submit]"));
    await page.locator(`.status-bar .badge[data-phase=${phase}]`).waitFor();
  }
  await page.goto("/incidents/INC-1/close");
  await assertAccessible(page, "closing");
  await picture(page, "close");
  for (const name of ["root_cause", "lessons", "impact", "recommendations"]) {
    await page.locator(`form[action$='/close'] [name=${name}]`).fill(`What the ${name.replace("_", " ")} was.`);
  }
  await page.locator("form[action$='/close'] button[type=submit]").click();
  await page.locator("#confirm-word").fill("INC-1");
  await page.locator("dialog[open] button[type=submit]").click();
  await page.locator(".status-bar .badge[data-phase=closed]").waitFor();
  await picture(page, "closed");
});

test("the report comes in four forms, the bundle proves itself and names what was touched", LIMIT, async () => {
  for (const [format, start] of [["pdf", "%PDF"], ["docx", "PK"], ["md", ""], ["html", "<!"]]) {
    const file = join(world.folder, `report.${format}`);
    const told = await command(world, "report", "INC-1", "--format", format, "-o", file, "--data", world.data);
    assert.equal(told.code, 0, told.stderr);
    const content = await readFile(file);
    assert.equal(content.subarray(0, start.length).toString("latin1").toLowerCase(), start.toLowerCase());
    assert.ok(content.length > 1000, `${format}: ${content.length} bytes`);
  }
  const bundle = join(world.folder, "INC-1.zip");
  const told = await command(world, "export", "INC-1", "-o", bundle, "--data", world.data);
  assert.equal(told.code, 0, told.stderr);
  const good = await command(world, "verify", bundle);
  assert.equal(good.code, 0, good.stdout + good.stderr);
  const bytes = await readFile(bundle);
  const place = bytes.indexOf("Isolate ws-17 at the switch");
  assert.ok(place > 0, "the decision's record stands in the bundle as it is");
  bytes[place] ^= 1;
  await writeFile(bundle, bytes);
  const bad = await command(world, "verify", bundle);
  assert.equal(bad.code, 1);
  assert.match(bad.stdout + bad.stderr, /DEC-2 version 1/);
});

test("every page that is left is accessible in both themes and holds its width", LIMIT, async () => {
  for (const theme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: theme });
    for (const path of ["/", "/alerts/ALR-1", "/events/EVT-1", "/intake/INT-1", "/rules", "/plan", "/plan/procedures",
      "/plan/procedures/ransomware", "/ledger", "/ledger/0", "/settings", "/api", "/incidents/INC-1"]) {
      const answer = await page.goto(path);
      assert.equal(answer.status(), 200, path);
      await assertAccessible(page, `${path}, ${theme}`);
      await assertNoOverflow(page, path);
      await picture(page, `${theme}${path.replaceAll("/", "-")}`);
    }
  }
  assert.deepEqual(page.faults, []);
});
