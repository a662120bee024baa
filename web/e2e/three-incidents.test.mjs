// Three incidents from real logs of attacks, worked by four people at once from the alert to the closing: evidence with
// its custody, decisions, a merge and its undoing. It needs the public collections of EVTX samples and Sigma rules, and skips without
// them.
//
//   WATCHBELL_SHARED   the folder that holds data/evtx-attack-samples and data/sigma
import assert from "node:assert/strict";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { newPage } from "../tests/support.mjs";
import { sitDown } from "./desk.mjs";

const LIMIT = { timeout: 300_000 };
const SAMPLES = join(process.env.WATCHBELL_SHARED ?? "../../shared", "data/evtx-attack-samples");
const RULES = join(process.env.WATCHBELL_SHARED ?? "../../shared", "data/sigma/rules/windows");
const PASSWORD = "a long enough password";
const PEOPLE = {
  lena: { name: "Lena Lead", email: "lena@example.org", role: "incident_manager" },
  rita: { name: "Rita Responder", email: "rita@example.org", role: "responder" },
  femi: { name: "Femi Forensic", email: "femi@example.org", role: "responder" },
};
const CASES = [
  { title: "Credentials read from memory", type: "unauthorised_access", by: "lena", folder: "Credential Access",
    files: ["babyshark_mimikatz_powershell.evtx", "sysmon_10_1_memdump_comsvcs_minidump.evtx", "CA_DCSync_4662.evtx"] },
  { title: "Remote execution between servers", type: "malware", by: "rita", folder: "Lateral Movement",
    files: ["LM_sysmon_psexec_smb_meterpreter.evtx", "LM_typical_IIS_webshell_sysmon_1_10_traces.evtx", "LM_wmiexec_impacket_sysmon_whoami.evtx"] },
  { title: "Shell that survives a restart", type: "malware", by: "femi", folder: "Persistence",
    files: ["sysmon_20_21_1_CommandLineEventConsumer.evtx", "persist_valid_account_guest_rid_hijack.evtx", "sysmon_13_1_persistence_via_winlogon_shell.evtx"] },
];
const missing = await access(SAMPLES).then(() => false, () => `the samples are not there: ${SAMPLES}`);
if (missing) console.log(`three incidents: skipped, ${missing}`);

let world, page, send, holds, stop;
const desks = {};

before(async () => {
  if (missing) return;
  ({ world, page, send, holds, stop } = await sitDown("--rules", RULES));
  for (const [key, { name, email, role }] of Object.entries(PEOPLE)) {
    await send("/api/v1/accounts", JSON.stringify({ name, email, role, password: PASSWORD }), "application/json", 201);
    const desk = await newPage(page.context().browser(), { origin: world.origin });
    await desk.goto("/login");
    await desk.getByLabel("E-mail").fill(email);
    await desk.getByLabel("Password").fill(PASSWORD);
    await desk.getByRole("button", { name: "Sign in" }).click();
    await desk.waitForURL(`${world.origin}/`);
    desks[key] = desk;
  }
}, LIMIT);

after(() => stop?.(), LIMIT);

/** Sends as the person of this page, through their session. */
const post = (desk, path, body) =>
  desk.evaluate(async ([path, body]) => {
    const answer = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    return { status: answer.status, body: await answer.json() };
  }, [path, body]);

test("three folders of logs become alerts", { ...LIMIT, skip: missing }, async () => {
  for (const each of CASES) {
    each.alerts = [];
    for (const file of each.files) {
      const content = await readFile(join(SAMPLES, each.folder, file));
      const told = await send(`/api/v1/intake?name=${encodeURIComponent(file)}`, content);
      each.alerts.push(...told.deliveries.flatMap((delivery) => delivery.alerts));
    }
    // The samples come from few machines: an alert that two folders share belongs to the first.
    const taken = new Set(CASES.filter((other) => other !== each).flatMap((other) => other.alerts ?? []));
    each.alerts = [...new Set(each.alerts)].filter((alert) => !taken.has(alert));
    assert.ok(each.alerts.length >= 3, `${each.folder}: ${each.alerts.length} alerts`);
  }
  await page.goto("/");
  await holds("three-queue");
});

test("three people declare at once, each from alerts", { ...LIMIT, skip: missing }, async () => {
  await Promise.all(CASES.map(async (each) => {
    const desk = desks[each.by];
    const query = each.alerts.map((id) => `alert=${id}`).join("&");
    await desk.goto(`/incidents/declare?${query}`);
    await desk.getByLabel("Name", { exact: true }).fill(each.title);
    await desk.getByLabel("Type", { exact: true }).selectOption(each.type);
    for (const [fact, answer] of [["functional", "medium"], ["information", "suspected"], ["recoverability", "supplemented"]]) {
      await desk.locator(`input[name=${fact}][value=${answer}]`).check({ force: true });
    }
    await desk.getByRole("button", { name: "Declare incident" }).click();
    await desk.waitForURL(/\/incidents\/INC-\d+$/);
    each.id = desk.url().split("/").pop();
  }));
  assert.equal(new Set(CASES.map((each) => each.id)).size, 3);
  await page.goto("/incidents");
  for (const each of CASES) await page.getByText(each.title).first().waitFor();
  await holds("three-list");
});

test("all of them work on all of them at the same time", { ...LIMIT, skip: missing }, async () => {
  const order = Object.keys(desks);
  await Promise.all(order.map(async (key, place) => {
    const desk = desks[key];
    for (let turn = 0; turn < CASES.length; turn += 1) {
      const { id, title } = CASES[(place + turn) % CASES.length];
      await desk.goto(`/incidents/${id}`);
      await desk.locator("#chat-text").fill(`${key} is on ${title.toLowerCase()}`);
      await desk.keyboard.press("Enter");
      await desk.locator("#chat-lines").getByText(`${key} is on`).waitFor();
      await desk.locator("#panel-tasks .task").nth(place).getByRole("button", { name: "Take" }).click();
      await desk.locator("#panel-tasks .task[data-state=doing]", { hasText: PEOPLE[key].name }).first().waitFor();
      await desk.locator("#panel-tasks .task[data-state=doing]", { hasText: PEOPLE[key].name }).first().locator(".task-mark").click();
      await desk.locator(".toast", { hasText: /^Done/ }).first().waitFor();
      await desk.locator("#chat-text").fill(`/decision ${PEOPLE[key].name} keeps the host's disk because it may be asked for in court`);
      await desk.keyboard.press("Enter");
      await desk.locator("#panel-decisions").getByText(`${PEOPLE[key].name} keeps`).waitFor();
    }
  }));
  for (const { id } of CASES) {
    await page.goto(`/incidents/${id}/decisions`);
    const said = await page.locator("main").innerText();
    for (const { name } of Object.values(PEOPLE)) assert.match(said, new RegExp(`${name} keeps`));
    await page.goto(`/incidents/${id}/timeline`);
    await page.locator(".figure-mark").first().waitFor();
  }
  await page.goto(`/incidents/${CASES[1].id}`);
  await holds("three-room");
  for (const tab of ["response", "timeline", "tasks", "things", "decisions", "chat", "people", "graph", "related"]) {
    await page.goto(`/incidents/${CASES[1].id}/${tab}`);
    await holds(`three-${tab}`);
  }
});

test("the log of an attack is an exhibit that goes from hand to hand, signed", { ...LIMIT, skip: missing }, async () => {
  const { rita, femi } = desks;
  const [{ id, folder, files }] = CASES;
  await rita.goto(`/incidents/${id}/evidence`);
  const form = rita.locator("form[data-tus]");
  await form.locator("input[type=file]").setInputFiles(join(SAMPLES, folder, files[1]));
  await form.getByLabel("How it was acquired").fill("exported with wevtutil");
  await form.getByLabel("Where it was taken from").fill("the workstation, on site");
  await form.getByLabel("With what tool").fill("wevtutil");
  await form.getByRole("button", { name: "Hand over" }).click();
  await rita.waitForURL(/\/evidence\/EVD-\d+$/);
  const path = new URL(rita.url()).pathname;
  const act = async (desk, summary, fill = {}) => {
    await desk.goto(path);
    const box = desk.locator("details.act").filter({ has: desk.locator("summary", { hasText: summary }) });
    await box.locator("summary").click();
    for (const [label, value] of Object.entries(fill)) {
      const field = box.getByLabel(label);
      if ((await field.evaluate((one) => one.tagName)) === "SELECT") await field.selectOption({ label: value });
      else await field.fill(value);
    }
    await box.getByLabel("Your password").fill(PASSWORD);
    await box.locator("button[type=submit]").click();
    await desk.locator(".toast").first().waitFor();
  };
  await act(rita, "Sign the collection");
  await act(rita, "Transfer", { "New custodian": PEOPLE.femi.name, "Reason or bag number": "Bag 0042, for analysis" });
  await act(femi, "Accept the transfer");
  await act(femi, "Seal", { "Seal number": "S-0042" });
  await femi.goto(path);
  await femi.getByText(/5 acts|6 acts/).first().waitFor();
  await page.goto(path);
  await holds("three-exhibit");
  await page.goto(`${path}/view/table`);
  await holds("three-exhibit-table");
});

test("two turn out to be one, and then not", { ...LIMIT, skip: missing }, async () => {
  const { lena } = desks;
  const [one, two] = CASES;
  const merged = await post(lena, `/api/v1/incidents/${one.id}/merge`, { incident: two.id, reason: "The same account on both" });
  assert.ok(merged.status < 300, JSON.stringify(merged.body));
  await page.goto(`/incidents/${one.id}`);
  await page.getByText(/1 merged in/).first().waitFor();
  await holds("three-merged");
  for (const [tab, text] of [["decisions", /from INC-/], ["tasks", /from INC-/], ["evidence", /EVD-/]]) {
    await page.goto(`/incidents/${one.id}/${tab}`);
    assert.match(await page.locator("main").innerText(), text, tab);
  }
  await page.goto(`/incidents/${two.id}`);
  await holds("three-stub");
  await lena.goto(`/incidents/${two.id}`);
  await lena.getByLabel(`Why ${two.id} stands alone`).fill("Two accounts, as the logons show.");
  await lena.getByRole("button", { name: `Part ${two.id}` }).click();
  await lena.getByRole("link", { name: "Timeline" }).first().waitFor();
  for (const { id } of [one, two]) {
    await page.goto(`/incidents/${id}/decisions`);
    const said = await page.locator("main").innerText();
    assert.doesNotMatch(said, /from INC-/);
    for (const { name } of Object.values(PEOPLE)) assert.match(said, new RegExp(`${name} keeps`));
  }
});

test("each is led through its phases and closed, three at once", { ...LIMIT, skip: missing }, async () => {
  await Promise.all(CASES.map(async ({ id, by }) => {
    const desk = desks[by];
    for (const phase of ["assessment", "containment", "eradication", "recovery"]) {
      await desk.goto(`/incidents/${id}`);
      await desk.getByRole("button", { name: `Move to ${phase}` }).click();
      await desk.locator("dialog[open] button[type=submit]").click();
      await desk.locator(`.status-bar .badge[data-phase=${phase}]`).waitFor();
    }
    await desk.goto(`/incidents/${id}/close`);
    for (const [name, text] of Object.entries({
      root_cause: "An administrator's password was used on two machines.",
      lessons: "Local administrators get passwords of their own, changed by LAPS.",
      impact: "No data left; two machines were rebuilt.",
      recommendations: "Turn on credential guard.",
    })) await desk.locator(`form[action$='/close'] [name=${name}]`).fill(text);
    await desk.locator("form[action$='/close'] button[type=submit]").click();
    await desk.locator("#confirm-word").fill(id);
    await desk.locator("dialog[open] button[type=submit]").click();
    await desk.locator(".status-bar .badge[data-phase=closed]").waitFor();
  }));
  await page.goto(`/incidents/${CASES[0].id}`);
  await holds("three-closed");
  await page.goto("/incidents?state=closed");
  await holds("three-closed-list");
});
