// Two people in one incident's room at once: who is here, what is said and what it becomes by one key, a task that
// changes under the other's eyes, two who change the same text, and the timeline zoomed. Each page is checked for
// accessibility in both themes and for overflow on a phone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { newPage } from "../tests/support.mjs";
import { sitDown } from "./desk.mjs";
import { intrusion, sysmon } from "./world.mjs";

const LIMIT = { timeout: 180_000 };
const RITA = { name: "Rita Responder", email: "rita@example.org", password: "another long password" };
let world, page, rita, send, holds, stop;

/** Sends JSON; the answer is JSON too. */
const post = (path, body, status) => send(path, JSON.stringify(body), "application/json", status);

before(async () => {
  ({ world, page, send, holds, stop } = await sitDown());
  await post("/api/v1/accounts", { ...RITA, role: "responder" }, 201);
  await send("/api/v1/intake?name=intrusion.jsonl", intrusion("fs-01.example.org"));
  const many = Array.from({ length: 60 }, (_, n) =>
    sysmon(1, new Date(Date.UTC(2026, 10, 24, 3, 0, 2 * n)).toISOString(), "fs-01.example.org", {
      Image: "C:\\Windows\\System32\\wevtutil.exe",
      CommandLine: `wevtutil.exe cl Security-${n}`,
      ParentImage: "C:\\Windows\\System32\\cmd.exe",
    }));
  await send("/api/v1/intake?name=many.jsonl", many.join("\n"));
  const alerts = await page.evaluate(async () => (await (await fetch("/api/v1/alerts")).json()).items.map((alert) => alert.id));
  const facts = { functional: "high", information: "suspected", recoverability: "regular" };
  await post("/api/v1/incidents", { title: "Ransomware on the file servers", type: "ransomware", ...facts, alerts }, 201);
  rita = await newPage(page.context().browser(), { origin: world.origin });
  await rita.goto("/login");
  await rita.getByLabel("E-mail").fill(RITA.email);
  await rita.getByLabel("Password").fill(RITA.password);
  await rita.getByRole("button", { name: "Sign in" }).click();
  await rita.waitForURL(`${world.origin}/`);
}, LIMIT);

after(() => stop?.(), LIMIT);

test("each sees who else is here and what they look at", LIMIT, async () => {
  await page.goto("/incidents/INC-1");
  await rita.goto("/incidents/INC-1/tasks");
  const here = page.locator("#here summary");
  await page.locator("#here .here-mark").nth(1).waitFor();
  await here.click();
  await page.locator("#here").getByText("Responder · Tasks").waitFor();
  await rita.goto("/incidents/INC-1");
  await page.locator("#here").getByText("Responder · Room").waitFor();
  assert.ok(await page.locator("#here").evaluate((menu) => menu.open), "the menu stays open while it changes");
  await here.click();
});

test("a line is said, seen by the other, and kept by one key", LIMIT, async () => {
  // Who writes elsewhere on the page is left alone by what comes in.
  await rita.keyboard.press("c");
  await rita.keyboard.type("I am still writ");
  await page.keyboard.press("c");
  await page.keyboard.type("FS-01 is off the network @Rita");
  await page.keyboard.press("Enter");
  await rita.locator("#chat-lines").getByText("FS-01 is off the network").waitFor();
  assert.equal(await rita.locator("#chat-text").inputValue(), "I am still writ");
  assert.equal(await rita.evaluate(() => document.activeElement?.id), "chat-text");
  await rita.locator("#chat-lines .mention[data-mine]").waitFor();

  await rita.locator("#chat-text").fill("");
  await rita.keyboard.press("ArrowUp");
  assert.equal(await rita.evaluate(() => document.activeElement?.id), "CHT-1");
  await rita.keyboard.press("e");
  await page.locator("#CHT-1").getByText(/^Entry ENT-/).waitFor();
  await page.locator("#panel-latest").getByText("FS-01 is off the network").waitFor();

  await rita.locator("#CHT-1").focus();
  await rita.keyboard.press("d");
  await rita.keyboard.type("It is where the encryption began");
  await rita.locator("#CHT-1").getByRole("button", { name: "Keep as decision" }).click();
  await page.locator("#panel-decisions").getByText("It is where the encryption began").waitFor();

  await page.locator("#chat-text").fill("/task Look for a second way in");
  await page.keyboard.press("Enter");
  await rita.locator("#panel-tasks").getByText("Look for a second way in").waitFor();
  await holds("room");
  await page.goto("/incidents/INC-1/chat");
  await holds("room-chat");
});

test("a decision without a reason is refused with the line still there", LIMIT, async () => {
  await page.goto("/incidents/INC-1");
  await page.locator("#chat-text").fill("/decision Pay nothing");
  await page.keyboard.press("Enter");
  await page.locator(".toast").getByText(/A decision has a reason/).waitFor();
  assert.equal(await page.locator("#chat-text").inputValue(), "/decision Pay nothing");
  page.faults.splice(0);
  await page.locator("#chat-text").fill("/decision Pay nothing because the backups are good");
  await page.keyboard.press("Enter");
  await rita.locator("#panel-decisions").getByText("the backups are good").waitFor();
});

test("what names somebody is told on their first page until they look", LIMIT, async () => {
  await rita.goto("/");
  await page.locator("#chat-text").fill("@Rita Responder where are you?");
  await page.keyboard.press("Enter");
  await rita.locator("#mentions .nav-count").getByText("1").waitFor();
  await rita.reload();
  await rita.getByText("You are asked for").waitFor();
  await rita.getByRole("link", { name: /Mentions of you/ }).click();
  await rita.getByText("where are you?").click();
  await rita.locator("#CHT-4:target, #CHT-5:target").waitFor();
  await rita.locator("#mentions .nav-count").waitFor({ state: "detached" });
});

test("a task taken by one changes under the other's eyes", LIMIT, async () => {
  await rita.goto("/incidents/INC-1");
  const task = rita.locator("#panel-tasks .task").first();
  const id = await task.getAttribute("id");
  await page.locator("#chat-text").fill("half a sentence");
  await task.getByRole("button", { name: "Take" }).click();
  await page.locator(`#${id}[data-state=doing]`).getByText(RITA.name).waitFor();
  assert.equal(await page.locator("#chat-text").inputValue(), "half a sentence");
  await rita.locator(`#${id} .task-mark`).click();
  await page.locator(`#${id}`).waitFor({ state: "detached" });
  await page.locator("#chat-text").fill("");
});

test("whoever changes a text that somebody else changed is told, and loses nothing", LIMIT, async () => {
  const open = (who) => who.evaluate(() => { document.getElementById("edit").open = true; });
  await open(page);
  await open(rita);
  await page.locator("#e-summary").fill("Mine: it began on FS-01.");
  await rita.locator("#e-summary").fill("Hers: it began on FS-02.");
  await rita.locator("#edit").getByRole("button", { name: "Save" }).click();
  await page.locator("#edit .form-stale").waitFor();
  assert.equal(await page.locator("#e-summary").inputValue(), "Mine: it began on FS-01.");
  await page.locator("#edit").getByRole("button", { name: "Save" }).click();
  await page.locator("#edit .error-summary").getByText(/Hers: it began on FS-02/).waitFor();
  assert.equal(await page.locator("#e-summary").inputValue(), "Mine: it began on FS-01.");
  page.faults.splice(0);
  await page.locator("#edit").getByRole("button", { name: "Save" }).click();
  await rita.locator("#panel-known").getByText("Mine: it began on FS-01.").waitFor();
});

test("entries and decisions are written from the room by keys, which the help names", LIMIT, async () => {
  await page.locator("h1").click();
  await page.keyboard.press("?");
  await page.getByRole("heading", { name: "On this page" }).waitFor();
  await page.getByText("Write down: decision").waitFor();
  await holds("room-keys");
  await page.keyboard.press("Escape");
  await page.keyboard.press("e");
  await page.locator("#write-entry").getByLabel("What happened").fill("Called the police");
  await holds("room-write");
  await page.locator("#write-entry").getByRole("button", { name: "Add" }).click();
  await rita.locator("#panel-latest").getByText("Called the police").waitFor();
  assert.ok(!(await page.locator("#write-entry").evaluate((dialog) => dialog.open)));
});

test("the timeline is zoomed, narrowed and read as a table", LIMIT, async () => {
  await page.goto("/incidents/INC-1/timeline");
  await page.locator(".figure-mark").first().waitFor();
  await holds("timeline");
  const before = await page.locator("#figure-title").textContent();
  await page.locator("#figure-view").focus();
  await page.keyboard.press("+");
  await page.waitForURL(/from=.*to=/);
  await page.waitForFunction((old) => document.getElementById("figure-title").textContent !== old, before);
  assert.equal(await page.evaluate(() => document.activeElement?.id), "figure-view");
  await holds("timeline-zoomed");
  await page.keyboard.press("0");
  await page.waitForFunction(() => !location.search.includes("from="));
  const box = await page.locator("#figure-view").boundingBox();
  await page.mouse.move(box.x + 40, box.y + 30);
  await page.mouse.wheel(0, -200);
  await page.waitForURL(/from=/);
  await page.goto("/incidents/INC-1/timeline?technique=T1490");
  await page.locator(".technique", { hasText: "Inhibit System Recovery" }).first().waitFor();
  await page.goto("/incidents/INC-1/timeline?view=table&kind=decision");
  await page.getByRole("cell", { name: "Pay nothing" }).waitFor();
  await holds("timeline-table");
  await page.goto("/incidents/INC-1/timeline");
  await page.locator("#timeline-view summary", { hasText: "Export" }).click();
  const [saved] = await Promise.all([page.waitForEvent("download"), page.getByText("Entries as CSV").click()]);
  assert.equal(saved.suggestedFilename(), "INC-1-timeline.csv");
  await page.goto("/incidents/INC-1/decisions");
  await page.getByText(/said in the chat/).first().waitFor();
  await holds("decisions");
});
