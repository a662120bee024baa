// A desk for one story: a Watchbell of its own, a browser whose page is signed in, and what stories do with them.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { assertAccessible, assertNoOverflow, newPage, picture, startBrowser } from "../tests/support.mjs";
import { setUp, startWatchbell } from "./world.mjs";

/** Gives the world, the page, `send()`, `holds()` and `stop()`; `words` are further ones for `serve`. */
export async function sitDown(...words) {
  const world = await startWatchbell(...words);
  let browser;
  const stop = async () => {
    await browser?.stop();
    await world.stop();
  };
  try {
    browser = await startBrowser();
    const page = await newPage(browser, { origin: world.origin });
    await setUp(page, world);
    return { world, page, stop, ...(await hands(world, page)) };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function hands(world, page) {
  const key = (await readFile(join(world.data, "cli-key"), "utf8")).trim();

  /** Sends a body to an address of the API; it must be taken, and with this status if one is named. */
  async function send(path, body, type = "application/octet-stream", status) {
    const headers = { authorization: `Bearer ${key}`, "content-type": type };
    const answer = await fetch(world.origin + path, { method: "POST", headers, body });
    const text = await answer.text();
    assert.ok(status ? answer.status === status : answer.ok, `${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }

  /** The page as it is now must be accessible in both themes, and fit a desk and a phone. */
  async function holds(name) {
    const desk = page.viewportSize();
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await assertAccessible(page, `${name}, ${colorScheme}`);
      await assertNoOverflow(page, name);
      await picture(page, `${name}-${colorScheme}`);
    }
    await page.setViewportSize({ width: 390, height: 844 });
    await assertNoOverflow(page, `${name} on a phone`);
    await picture(page, `${name}-phone-dark`);
    await page.emulateMedia({ colorScheme: "light" });
    await picture(page, `${name}-phone`);
    await page.setViewportSize(desk);
    assert.deepEqual(page.faults, [], name);
  }

  return { send, holds };
}
