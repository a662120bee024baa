// The library of playbooks; one is written, corrected where it is refused, and run on an incident to its end; a shipped
// procedure is offered for the type of an incident and followed step by step.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sitDown } from "./desk.mjs";

let desk;
before(async () => (desk = await sitDown()));
after(async () => desk?.stop());

const LIMIT = { timeout: 180_000 };

/** An incident of a type. */
async function incident(type, title) {
  const declaration = { title, type, alerts: [], functional: "low", information: "none", recoverability: "regular" };
  return await desk.send("/api/v1/incidents", JSON.stringify(declaration), "application/json", 201);
}

test("a playbook is written with its checks beside it, and run on an incident", LIMIT, async () => {
  const { page, world, holds } = desk;
  await page.goto(`${world.origin}/playbooks`);
  await page.getByRole("heading", { name: "Library" }).waitFor();
  assert.equal(await page.getByText("Shipped", { exact: true }).count(), 13);
  await holds("playbooks");
  await page.getByRole("link", { name: "Add a playbook" }).first().click();
  await page.getByText("It can be kept and run.").waitFor();

  const area = page.getByLabel("The playbook");
  const sketch = JSON.parse(await area.inputValue());
  await area.fill(JSON.stringify({ ...sketch, workflow_start: sketch.workflow_start.replace("1f2e", "0000") }, null, 2));
  await page.getByText("Not kept like this").waitFor();
  await page.getByText("There is no step").first().waitFor();
  await holds("playbook-refused");

  const step = Object.values(sketch.workflow).find((step) => step.type === "action");
  step.out_args = ["__found__"];
  step.commands[0].command = "Look at __host__:value and write down what you find.";
  const playbook = {
    ...sketch,
    name: "Look at a host",
    labels: ["malware"],
    playbook_variables: {
      __host__: { type: "string", external: true, description: "Which host" },
      __found__: { type: "string", value: "" },
    },
  };
  await area.fill(JSON.stringify(playbook, null, 2));
  await page.getByText("It can be kept and run.").waitFor();
  await holds("playbook-editor");
  await page.getByRole("button", { name: "Keep" }).click();
  await page.getByRole("heading", { name: "Look at a host", level: 1 }).waitFor();
  await page.getByRole("button", { name: "Sign with this server's key" }).click();
  await page.getByText("Holds").waitFor();
  await holds("playbook-signed");

  const { id } = await incident("malware", "Something on a host");
  await page.goto(`${world.origin}/incidents/${id}/playbooks`);
  await page.getByRole("link", { name: "Choose: Look at a host" }).click();
  await page.getByRole("textbox", { name: "Host" }).fill("FIN-WS-07");
  await page.getByRole("button", { name: "Run it" }).click();
  await page.getByText("Look at FIN-WS-07 and write down what you find.").waitFor();
  await page.getByRole("textbox", { name: "Found" }).fill("ransom.exe");
  await page.getByRole("button", { name: "Done", exact: true }).click();
  await page.getByText("Completed").first().waitFor();
  await page.getByText("ransom.exe").first().waitFor();
  assert.match(page.url(), /\/runs\/RUN-1/);
  await holds("run-completed");
});

test("a shipped procedure is followed from the incident's page", LIMIT, async () => {
  const { page, world, holds } = desk;
  const { id } = await incident("ransomware", "Files are renamed on the file server");
  await page.goto(`${world.origin}/playbooks`);
  await page.getByRole("link", { name: /^Ransomware/ }).click();
  await page.getByRole("heading", { name: "Containment" }).waitFor();
  await holds("procedure");

  await page.goto(`${world.origin}/incidents/${id}/playbooks`);
  await page.getByRole("link", { name: /^Choose: Ransomware/ }).waitFor();
  await holds("incident-playbooks");
  await page.getByRole("link", { name: /^Choose: Ransomware/ }).click();
  await page.getByRole("button", { name: "Run it" }).click();
  // Detection, then the first branches side by side.
  for (let step = 0; step < 7; step += 1) {
    const card = page.locator("section.wait").first();
    await card.waitFor();
    const title = await card.getByRole("heading").textContent();
    for (const choice of await card.locator("select").all()) await choice.selectOption({ index: 1 });
    for (const text of await card.locator("form").first().locator("input[type=text], input:not([type])").all()) await text.fill("1");
    await card.getByRole("button", { name: "Done", exact: true }).click();
    await page.getByText(`Done: ${title}`).first().waitFor();
  }
  await page.locator("section.wait").first().waitFor();
  await holds("run-waiting");
  await page.goto(`${world.origin}/incidents/${id}/playbooks`);
  await page.getByRole("heading", { name: "Waits for people" }).waitFor();
  await holds("incident-running");
  await page.getByRole("link", { name: /^Open: / }).first().click();
  await page.locator("summary", { hasText: "Stop" }).click();
  await page.getByLabel("Why it is stopped").fill("It was a drill that nobody had told of");
  await page.getByRole("button", { name: "Stop the run" }).click();
  await page.getByText("Stopped by").waitFor();
  await holds("run-stopped");
});
