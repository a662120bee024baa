// The plan of a team of twelve: a draft written in forms, approved by the sponsor whom the plan names, in force, read by
// everybody; then out into a folder, byte for byte, and a broken folder refused.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { newPage } from "../tests/support.mjs";
import { sitDown } from "./desk.mjs";
import { command } from "./world.mjs";

const LIMIT = { timeout: 240_000 };
const TEAM = ["Bea Berg", "Carl Cole", "Dora Dahl", "Emil Ek", "Frida Falk", "Gus Green", "Hana Holm", "Ivar Ivars", "Jon Jarl", "Kim Kay", "Lea Lund"];
const password = "a long enough password";
const email = (name) => `${name.toLowerCase().replace(" ", ".")}@example.org`;
let world, page, send, holds, stop;

before(async () => {
  ({ world, page, send, holds, stop } = await sitDown());
  for (const name of TEAM) {
    const role = name === "Bea Berg" ? "incident_manager" : "responder";
    await send("/api/v1/accounts", JSON.stringify({ name, email: email(name), password, role }), "application/json", 201);
  }
}, LIMIT);

after(() => stop?.(), LIMIT);

/** Another person's page. */
async function as(name) {
  const own = await newPage(page.context().browser(), { origin: world.origin });
  await own.goto("/login");
  await own.getByLabel("E-mail").fill(email(name));
  await own.getByLabel("Password").fill(password);
  await own.getByRole("button", { name: "Sign in" }).click();
  await own.waitForURL(`${world.origin}/`);
  return own;
}

test("a draft is begun and written in its forms", LIMIT, async () => {
  await page.goto("/plan/people");
  const sponsor = page.locator("#executive_sponsor");
  await sponsor.locator("summary").click();
  await sponsor.getByLabel("Executive sponsor, choice 1").selectOption({ label: "Carl Cole" });
  await sponsor.getByRole("button", { name: "Save" }).click();
  await sponsor.locator(".person", { hasText: "Carl Cole" }).waitFor();
  await page.goto("/plan/drafts");
  await holds("plan-drafts-empty");
  await page.getByLabel("What you want to change").fill("Name the bridge and shorten the first answer");
  await page.getByRole("button", { name: "Begin a draft" }).click();
  await page.waitForURL(/drafts\/DRF-1$/);
  await holds("plan-draft-begun");
  await page.getByRole("link", { name: "Channels", exact: true }).click();
  await holds("plan-draft-channels");
  const bridge = page.locator(".draft-item").first();
  await bridge.locator("summary").first().click();
  await bridge.getByLabel("Address").fill("Room 4 and +46 8 000 00 00");
  await holds("plan-draft-item");
  await page.getByRole("button", { name: "Keep" }).click();
  await page.locator(".draft-parts .draft-mark", { hasText: "changed" }).waitFor();
  await page.getByRole("link", { name: "Roles", exact: true }).click();
  await page.locator(".draft-item", { hasText: "Scribe" }).locator("summary").first().click();
  const scribe = page.locator(".draft-item[open]");
  await scribe.getByLabel("Alternates, choice 1").selectOption("");
  await page.getByRole("button", { name: "Keep" }).click();
  await page.getByText("names no alternates").waitFor();
  await holds("plan-draft-fault");
});

test("a fault keeps it from approval, and going back mends it", LIMIT, async () => {
  await page.goto("/plan/drafts/DRF-1");
  await page.getByRole("button", { name: "Send for approval" }).click();
  await page.getByText(/Mend this first/).waitFor();
  await page.getByRole("button", { name: "Go back to state 2" }).click();
  await page.getByText("Holds together").waitFor();
  await page.getByText("Went back to state 2").waitFor();
  await holds("plan-draft");
  await page.getByRole("button", { name: "Send for approval" }).click();
  await page.getByText("You wrote in this draft").waitFor();
  assert.equal(await page.getByRole("button", { name: "Approve" }).count(), 0);
});

test("the sponsor approves, and everybody reads what is in force", LIMIT, async () => {
  const carl = await as("Carl Cole");
  await carl.goto("/plan/drafts/DRF-1");
  await carl.getByRole("button", { name: "Approve" }).click();
  await carl.getByText("Put in force", { exact: true }).waitFor();
  await page.goto("/plan/versions/PLAN-2");
  await page.getByText("1 part changed since PLAN-1").waitFor();
  await holds("plan-version");
  for (const name of TEAM.slice(0, 3)) {
    const own = name === "Carl Cole" ? carl : await as(name);
    await own.goto("/plan");
    await own.getByRole("button", { name: "I have read it" }).click();
    await own.getByRole("heading", { name: "Who has read the plan" }).waitFor();
  }
  await page.goto("/plan/readers");
  await page.getByText("3 of 12").first().waitFor();
  await holds("plan-readers");
  await page.goto("/plan");
  await holds("plan");
});

test("the folder goes out and comes in as it is; a broken one is refused", LIMIT, async () => {
  const words = ["--data", world.data];
  const out = await command(world, "plan", "export", "plan", ...words);
  assert.equal(out.code, 0, out.stderr);
  const again = await command(world, "plan", "import", "plan", ...words);
  assert.match(again.stderr, /is what is in force as PLAN-2/);
  const roles = join(world.folder, "plan", "roles.yaml");
  const text = await readFile(roles, "utf8");
  await writeFile(roles, text.replace("[legal_counsel]", "[nobody_here]"));
  for (const act of ["check", "import"]) {
    const told = await command(world, "plan", act, "plan", ...words);
    assert.equal(told.code, 1);
    assert.match(told.stdout, /^roles\.yaml:\d+: .*nobody_here/m);
  }
});
