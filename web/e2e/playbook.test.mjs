// A playbook is added, corrected where it is refused, and run on an incident to its end.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sitDown } from "./desk.mjs";

let desk;
before(async () => (desk = await sitDown()));
after(async () => desk?.stop());

test("a playbook is written with its checks beside it, and run on an incident", async () => {
  const { page, world, send, holds } = desk;
  await page.goto(`${world.origin}/playbooks`);
  await page.getByRole("heading", { name: "No playbooks yet" }).waitFor();
  await holds("playbooks-empty");
  await page.getByRole("link", { name: "Add a playbook" }).first().click();
  await page.getByText("It can be kept and run.").waitFor();

  const area = page.getByLabel("The playbook");
  const sketch = JSON.parse(await area.inputValue());
  await area.fill(JSON.stringify({ ...sketch, workflow_start: sketch.workflow_start.replace("1f2e", "0000") }, null, 2));
  await page.getByText("Not kept like this").waitFor();
  await page.getByText("There is no step").first().waitFor();
  await holds("playbook-refused");

  const step = Object.entries(sketch.workflow).find(([, step]) => step.type === "action");
  step[1].out_args = ["__found__"];
  const playbook = {
    ...sketch,
    name: "Look at a host",
    playbook_variables: {
      __host__: { type: "string", external: true, description: "Which host" },
      __found__: { type: "string", value: "" },
    },
  };
  step[1].commands[0].command = "Look at __host__:value and write down what you find.";
  await area.fill(JSON.stringify(playbook, null, 2));
  await page.getByText("It can be kept and run.").waitFor();
  await page.getByRole("button", { name: "Keep" }).click();
  await page.getByRole("heading", { name: "Look at a host", level: 1 }).waitFor();
  await holds("playbook");

  const incident = await send(
    "/api/v1/incidents",
    JSON.stringify({
      title: "Something on a host", type: "malware", alerts: [],
      functional: "low", information: "none", recoverability: "regular",
    }),
    "application/json",
    201,
  );
  await page.goto(`${world.origin}/incidents/${incident.id}/playbooks`);
  await holds("incident-playbooks");
  await page.getByRole("link", { name: "Look at a host" }).click();
  await page.getByLabel("Host").fill("FIN-WS-07");
  await page.getByRole("button", { name: "Run it" }).click();
  await page.getByText("Look at FIN-WS-07 and write down what you find.").waitFor();
  await holds("run-waiting");
  await page.getByLabel("Found").fill("ransom.exe");
  await page.getByRole("button", { name: "Answer" }).click();
  await page.getByText("Completed").first().waitFor();
  await page.getByText("ransom.exe").first().waitFor();
  await holds("run-completed");
  assert.match(page.url(), /\/runs\/RUN-1$/);
});
