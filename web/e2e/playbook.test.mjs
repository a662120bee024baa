// The library of playbooks; one is written, corrected where it is refused, and run on an incident to its end; a shipped
// procedure is offered for the type of an incident and followed step by step.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { sitDown } from "./desk.mjs";

let desk;
before(async () => {
  // The server that is started here may reach this machine.
  process.env.WATCHBELL_REACH = "127.0.0.1";
  desk = await sitDown();
});
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

test("a step waits for approval, and one that may have happened for somebody who looks", LIMIT, async () => {
  const { page, world, send, holds } = desk;
  // A firewall that takes the first request and dies before it answers.
  const asked = [];
  const firewall = createServer((request, response) => {
    asked.push(request.url);
    if (asked.length === 1) request.socket.destroy();
    else response.end("{}");
  }).listen(0, "127.0.0.1");
  await once(firewall, "listening");
  const id = (kind, number) => `${kind}--00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
  const step = (name, path, next, more) => ({
    type: "action", name, agent: id("individual", 1), targets: [id("http-api", 1)], on_completion: next,
    commands: [{ type: "http-api", command: `POST ${path} HTTP/1.1` }], ...more,
  });
  const extension = "extension-definition--5b1f3c0e-6c8e-4d7a-9f52-7a2c1f0b9e41";
  const kept = await send("/api/v1/playbooks", JSON.stringify({
    type: "playbook", spec_version: "cacao-2.0", id: id("playbook", 1), name: "Cut a host off", created_by: id("identity", 1),
    created: "2026-01-01T00:00:00.000Z", modified: "2026-01-01T00:00:00.000Z", workflow_start: id("start", 0),
    workflow: {
      [id("start", 0)]: { type: "start", on_completion: id("action", 1) },
      [id("action", 1)]: step("Block the host at the firewall", "/block", id("action", 2), {
        step_extensions: { [extension]: { approval: { role: "executive_sponsor", expires: 3_600_000 } } },
      }),
      [id("action", 2)]: step("End its sessions", "/sessions", id("end", 9), {}),
      [id("end", 9)]: { type: "end" },
    },
    agent_definitions: { [id("individual", 1)]: { type: "individual", name: "On call" } },
    target_definitions: {
      [id("http-api", 1)]: { type: "http-api", name: "Edge firewall", address: { url: [`http://127.0.0.1:${firewall.address().port}`] } },
    },
  }), "application/json", 201);
  const declared = await incident("malware", "A host beacons");
  const start = JSON.stringify({ playbook: kept.id });
  const run = await send(`/api/v1/incidents/${declared.id}/runs`, start, "application/json", 201);
  await page.goto(`${world.origin}/runs/${run.id}`);
  await page.getByText("0 of 1 have said yes.").waitFor();
  assert.equal(asked.length, 0, "nothing is done before");
  await holds("run-approval");
  await page.getByRole("button", { name: "Approve" }).click();
  // The page follows by itself.
  await page.getByText("It may have happened, and nobody knows.").waitFor();
  assert.deepEqual(asked, ["/block"]);
  await holds("run-doubt");
  await page.getByRole("button", { name: "It happened" }).click();
  await page.getByText("Completed").first().waitFor();
  assert.deepEqual(asked, ["/block", "/sessions"], "it is not done twice");
  firewall.close();
});
