// The plan as a living thing: a draft, its approval by somebody else, its publication, and who read it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { sitDown } from "./desk.mjs";
import { ADMIN, command } from "./world.mjs";

const SPONSOR = { name: "Sven Sponsor", email: "sven@example.org", password: "another long password" };

test("a plan is drafted, sent back, approved, published and attested", { timeout: 240_000 }, async () => {
  const desk = await sitDown();
  const { world, page, send, holds } = desk;
  const confirm = async (name) => page.getByRole("dialog").getByRole("button", { name }).click();
  const signIn = async (who) => {
    await page.context().clearCookies();
    await page.goto(`${world.origin}/login`);
    await page.getByLabel("E-mail").fill(who.email);
    await page.getByLabel("Password").fill(who.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL((url) => !url.pathname.startsWith("/login"));
  };
  try {
    const account = JSON.stringify({ ...SPONSOR, role: "observer" });
    await send("/api/v1/accounts", account, "application/json", 201);
    await page.goto(`${world.origin}/plan/people#executive_sponsor`);
    await page.getByLabel("Change: Executive sponsor").click();
    await page.getByLabel("Executive sponsor, choice 1").selectOption({ label: SPONSOR.name });
    await page.locator("#executive_sponsor").getByRole("button", { name: "Save" }).click();
    await page.locator("#executive_sponsor .person", { hasText: SPONSOR.name }).waitFor();

    await page.goto(`${world.origin}/plan/draft`);
    await holds("plan-no-draft");
    await page.getByRole("button", { name: "Begin a draft" }).click();
    await page.getByRole("link", { name: "Name, scope, authority" }).click();
    await page.getByLabel("Scope").fill("The plan covers everything that we run.\n\nIt binds everybody.");
    await holds("plan-head");
    await page.getByRole("button", { name: "Save" }).click();
    await page.locator(".diff-text", { hasText: "It binds everybody." }).first().waitFor();

    // A role that leads nowhere is told with its line while it is typed.
    await page.getByRole("link", { name: "Roles and chain of command" }).click();
    const text = page.getByLabel("The file");
    const good = await text.inputValue();
    await text.fill(good.replace("alternates: [legal_counsel]", "alternates: [lawyer]"));
    await page.locator("#checked", { hasText: "names the role lawyer" }).waitFor();
    await holds("plan-editor-wrong");
    await text.fill(good.replace("title: Scribe", "title: Scribe and timekeeper"));
    await page.locator("#checked", { hasText: "It holds together" }).waitFor();
    await page.getByRole("button", { name: "Save" }).click();
    await page.locator(".diff-text", { hasText: "Scribe and timekeeper" }).waitFor();
    await holds("plan-draft");
    await page.getByRole("button", { name: "Send for approval" }).click();
    await page.getByText("Awaited").waitFor();

    await signIn(SPONSOR);
    await page.goto(`${world.origin}/mine`);
    await page.getByText("A draft waits for your approval").waitFor();
    await page.goto(`${world.origin}/plan/draft`);
    await holds("plan-judged");
    await page.getByLabel("Or send it back").fill("Say whom it binds");
    await page.getByRole("button", { name: "Send back" }).click();
    await page.getByText("Say whom it binds").waitFor();

    await signIn(ADMIN);
    await page.goto(`${world.origin}/plan/draft`);
    await page.getByText("Sent back by Sven Sponsor").waitFor();
    await page.getByRole("button", { name: "Send for approval" }).click();
    await page.getByText("Awaited").waitFor();
    await signIn(SPONSOR);
    await page.goto(`${world.origin}/plan/draft`);
    await page.getByRole("button", { name: "Approve" }).click();
    await confirm("Approve");
    await page.waitForURL(`${world.origin}/plan`);
    await page.getByText("PLAN-2, version 1.1.0").first().waitFor();
    await page.getByRole("button", { name: "I have read it" }).click();
    await page.goto(`${world.origin}/plan/attestations`);
    await page.getByText("1 of 2 attested PLAN-2").waitFor();
    await holds("plan-readers");
    await page.goto(`${world.origin}/plan/versions`);
    await holds("plan-versions");
    await page.goto(`${world.origin}/plan/versions/PLAN-2`);
    await holds("plan-version");

    const out = await command(world, "plan", "export", "taken", "--data", world.data);
    assert.equal(out.code, 0, out.stderr);
    assert.match(await readFile(join(world.folder, "taken/roles.yaml"), "utf8"), /title: Scribe and timekeeper/);
    const checked = await command(world, "plan", "check", "taken");
    assert.equal(checked.code, 0, checked.stderr);
  } finally {
    await desk.stop();
  }
});
