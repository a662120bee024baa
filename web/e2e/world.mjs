// A Watchbell of one's own for a browser test: the real binary on a free port with an empty data folder.
//
//   WATCHBELL_BINARY   the binary (default: target/debug/watchbell of the build cache)
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const cache = process.env.CARGO_TARGET_DIR ?? join(homedir(), ".cache/watchbell/target");
export const binary = process.env.WATCHBELL_BINARY ?? join(cache, "debug/watchbell");

export const ADMIN = { name: "Ada Admin", email: "ada@example.org", password: "a long enough password" };

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Starts the server, with further words for `serve`; gives its address, set-up link, data folder and `stop()`. */
export async function startWatchbell(...words) {
  const folder = await mkdtemp(join(tmpdir(), "watchbell-e2e-"));
  const data = join(folder, "data");
  const origin = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(binary, ["serve", "--listen", origin.slice("http://".length), "--data", data, ...words], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines = [];
  const link = new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        const found = line.match(/https?:\/\/\S+\/setup\?token=[0-9a-f]+/);
        if (found) resolve(found[0]);
      });
    }
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}:\n${lines.join("\n")}`)));
    setTimeout(() => reject(new Error(`no set-up link after 30 s:\n${lines.join("\n")}`)), 30_000).unref();
  });
  const setup = await link;
  const stop = async () => {
    if (child.exitCode === null) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    await rm(folder, { recursive: true, force: true });
  };
  return { origin, setup, data, folder, stop };
}

/** Runs another command of the binary beside the server: its exit code and what it printed. */
export async function command(world, ...words) {
  const options = { cwd: world.folder, env: { ...process.env, WATCHBELL_SERVER: world.origin }, maxBuffer: 1 << 26 };
  try {
    const { stdout, stderr } = await promisify(execFile)(binary, words, options);
    return { code: 0, stdout, stderr };
  } catch (error) {
    if (typeof error.code !== "number") throw error;
    return { code: error.code, stdout: error.stdout, stderr: error.stderr };
  }
}

/** Sets Watchbell up through its page; the page is then signed in. */
export async function setUp(page, world) {
  await page.goto(world.setup);
  await page.getByLabel("Organisation").fill("Sample Organisation");
  await page.getByLabel("Your name").fill(ADMIN.name);
  await page.getByLabel("E-mail").fill(ADMIN.email);
  await page.getByLabel("Password").fill(ADMIN.password);
  await page.getByRole("button", { name: "Set up" }).click();
  await page.waitForURL(`${world.origin}/`);
}

/** A Sysmon event as JSON, on one line. */
export function sysmon(id, at, host, fields) {
  return JSON.stringify({
    EventID: id,
    Channel: "Microsoft-Windows-Sysmon/Operational",
    Provider_Name: "Microsoft-Windows-Sysmon",
    "@timestamp": at,
    Computer: host,
    User: "EXAMPLE\\a.lind",
    ...fields,
  });
}

/** A small intrusion on one host, as the lines of a log file. */
export function intrusion(host) {
  const started = (at, Image, CommandLine, ParentImage) =>
    sysmon(1, at, host, {
      Image,
      CommandLine,
      ParentImage,
      Hashes: "SHA256=5E884898DA28047151D0E56F8DC6292773603D0D6AABBDD62A11EF721D1542D8",
    });
  const shell = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe";
  return [
    started("2026-11-24T02:38:11Z", "C:\\Windows\\System32\\whoami.exe", "whoami /all", "C:\\Windows\\System32\\cmd.exe"),
    sysmon(10, "2026-11-24T02:41:05Z", host, {
      SourceImage: shell,
      TargetImage: "C:\\Windows\\System32\\lsass.exe",
      GrantedAccess: "0x1410",
      CallTrace: "C:\\Windows\\SYSTEM32\\ntdll.dll+9d204|UNKNOWN(00000000035E1F17)",
    }),
    ...["02:58:40", "02:58:44", "02:58:49"].map((time) =>
      started(
        `2026-11-24T${time}Z`,
        "C:\\Windows\\System32\\vssadmin.exe",
        "vssadmin.exe delete shadows /all /quiet",
        "C:\\Windows\\System32\\cmd.exe",
      ),
    ),
  ].join("\n");
}
