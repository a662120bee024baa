// Text of an attacker's choosing in every field that comes from outside: on no page does it run, leave the
// server or break the layout; it stands there as text. The strings are ours and, where they are there, those
// of public lists in ../shared/data/hostile.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { assertNoOverflow, newPage, startBrowser } from "../tests/support.mjs";
import { setUp, startWatchbell, sysmon } from "./world.mjs";

const LIMIT = { timeout: 240_000 };
const shared = process.env.WATCHBELL_SHARED ?? fileURLToPath(new URL("../../../shared", import.meta.url));
const OWN = [
  "<script>window.pwned=1</script>",
  "<img src=x onerror=window.pwned=1>",
  "\"><svg onload=window.pwned=1>",
  "'-window.pwned=1-'",
  "javascript:window.pwned=1",
  "{{constructor.constructor('window.pwned=1')()}}",
  "</title></textarea><script>window.pwned=1</script>",
  "=HYPERLINK(\"http://evil.example\")",
  "${7*7} #{7*7} <%= 7*7 %>",
  "\u202Egnp.exe\u202C \u0000 \u001b[31mred",
  "[click](javascript:window.pwned=1)",
  `x${"A".repeat(4000)}`,
];
let world, browser, page, key;

/** Strings of public lists, as many as make a page long but not endless. */
async function lists() {
  const blns = join(shared, "data/hostile/blns.json");
  const xss = join(shared, "data/hostile/payloads/XSS Injection/Intruders/JHADDIX_XSS.txt");
  if (!existsSync(blns)) {
    console.log("skipped: the public lists of hostile strings are not there");
    return [];
  }
  const strings = JSON.parse(await readFile(blns, "utf8"));
  if (existsSync(xss)) strings.push(...(await readFile(xss, "utf8")).split("\n"));
  return strings.filter(Boolean);
}

before(async () => {
  world = await startWatchbell();
  browser = await startBrowser();
  page = await newPage(browser, { origin: world.origin });
  page.on("dialog", (dialog) => {
    page.faults.push(`a dialog opened: ${dialog.message()}`);
    dialog.dismiss();
  });
  await setUp(page, world);
  key = (await readFile(join(world.data, "cli-key"), "utf8")).trim();
}, LIMIT);

after(async () => {
  await browser?.stop();
  await world?.stop();
}, LIMIT);

async function call(method, path, body, headers = {}) {
  const answer = await fetch(world.origin + path, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(typeof body === "object" ? { "content-type": "application/json" } : {}), ...headers },
    body: typeof body === "object" ? JSON.stringify(body) : body,
  });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

/** Loads a page and says whether anything on it ran. */
async function visit(path) {
  const answer = await page.goto(path);
  assert.equal(answer.status(), 200, path);
  assert.equal(await page.evaluate("typeof window.pwned"), "undefined", `${path}: text ran as a script`);
  assert.deepEqual(page.faults, [], path);
  await assertNoOverflow(page, path);
}

test("hostile telemetry, names and notes are text on every page", LIMIT, async () => {
  const strings = [...OWN, ...(await lists())];
  const lines = strings.map((text, n) =>
    sysmon(1, `2026-11-24T03:${String(n % 60).padStart(2, "0")}:00Z`, n % 3 ? "ws-17" : text.slice(0, 60), {
      Image: `C:\\${text}`,
      CommandLine: `vssadmin delete shadows ${text}`,
      ParentImage: text,
      User: text,
      [text.slice(0, 80)]: text,
    }),
  );
  const name = `<img src=x onerror=window.pwned=1>"'.jsonl`;
  const told = await call("POST", `/api/v1/intake?name=${encodeURIComponent(name)}`, lines.join("\n"));
  const alerts = told.deliveries[0].alerts.slice(0, 20);
  assert.ok(alerts.length > 3, "alerts arise");

  const made = await call("POST", "/api/v1/incidents", {
    title: OWN[0], type: "ransomware", functional: "low", information: "none", recoverability: "regular",
    summary: OWN[1], alerts,
  });
  const incident = `/api/v1/incidents/${made.id}`;
  for (const text of OWN) {
    const clean = text.replace(/[\u0000-\u001f]/g, " ");
    await call("POST", `${incident}/entries`, { kind: "note", text: clean });
    await call("POST", `${incident}/decisions`, { decision: clean.slice(0, 150), reason: clean });
    await call("POST", `${incident}/tasks`, { title: clean.slice(0, 150), instructions: clean });
  }

  const { rule } = await call("GET", `/api/v1/alerts/${alerts[0]}`);
  const pages = [
    "/", "/intake", "/intake/INT-1", "/rules", "/ledger", "/settings", "/incidents", "/evidence", "/evidence/EVD-1",
    `/incidents/declare?alert=${alerts[1]}`, `/alerts/dismiss?alert=${alerts[1]}`, "/plan", "/plan/procedures",
    "/plan/procedures/ransomware", "/api", "/login", `/rules/${rule}`,
    ...["", "/timeline", "/tasks", "/things", "/decisions", "/evidence", "/people", "/close"].map((part) => `/incidents/${made.id}${part}`),
    ...alerts.map((alert) => `/alerts/${alert}`),
    ...OWN.map((_, n) => `/events/EVT-${n + 1}`),
    ...[0, 5, 20, 40].map((index) => `/ledger/${index}`),
  ];
  for (const path of pages) await visit(path);

  await page.goto(`/incidents/${made.id}/timeline`);
  assert.match(await page.locator("main").innerText(), /<script>window\.pwned=1<\/script>/);
  assert.equal(await page.locator("h1").innerText(), OWN[0]);
});

test("the report shown in the browser runs nothing either", LIMIT, async () => {
  await page.goto("/incidents/INC-1/report?format=html");
  assert.equal(await page.evaluate("typeof window.pwned").catch(() => "undefined"), "undefined");
  assert.match(await page.locator("body").innerText(), /<script>window\.pwned=1<\/script>/);
});
