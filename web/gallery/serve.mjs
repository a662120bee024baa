// Serves the gallery on 127.0.0.1, under the policy the real server sends. Only for looking and for tests:
// nothing here is part of the product.
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, extname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { page } from "./frame.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "..", "dist");
const POLICY = "default-src 'self'; style-src 'self'; script-src 'self'; img-src 'self' data:";
const TYPES = { ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".ttf": "font/ttf", ".txt": "text/plain" };

export async function pageNames() {
  return (await readdir(join(here, "pages"))).filter((name) => name.endsWith(".html")).map((name) => name.slice(0, -5)).sort();
}

const escape = (text) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** Requests seen by method and path, and open live connections: tests look at them and send through them. */
export function startGallery(port = 0) {
  const seen = [];
  const listeners = new Set();
  const state = { liveDown: false };

  const server = createServer(async (request, response) => {
    const url = new URL(request.url, "http://gallery");
    const send = (status, type, body, headers = {}) => {
      response.writeHead(status, { "content-type": type, "content-security-policy": POLICY, "cache-control": "no-store", ...headers });
      response.end(body);
    };
    try {
      if (request.method === "POST") {
        const chunks = [];
        for await (const chunk of request) chunks.push(chunk);
        const body = Buffer.concat(chunks).toString("latin1");
        seen.push({ path: url.pathname, body, htmx: request.headers["hx-request"] === "true" });
        answerPost(url, body, send);
        return;
      }
      if (url.pathname.startsWith("/assets/")) {
        const file = normalize(join(dist, url.pathname.slice("/assets/".length)));
        if (!file.startsWith(dist + sep)) return send(404, "text/plain", "no such file");
        return send(200, TYPES[extname(file)] ?? "application/octet-stream", await readFile(file));
      }
      if (url.pathname === "/live") {
        if (state.liveDown) return send(503, "text/plain", "down");
        response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
        response.write(": hello\n\n");
        listeners.add(response);
        request.on("close", () => listeners.delete(response));
        return;
      }
      const name = url.pathname.slice(1) || "index";
      if (name === "index") {
        const links = (await pageNames()).map((each) => `<li><a href="/${each}">${each}</a></li>`).join("");
        return send(200, "text/html; charset=utf-8", `<!doctype html><html lang="en"><title>Gallery</title><h1>Gallery</h1><ul>${links}</ul></html>`);
      }
      if (!(await pageNames()).includes(name)) return send(404, "text/html; charset=utf-8", `<!doctype html><html lang="en"><title>Not drawn</title><p>The gallery has no page ${escape(name)}.</p></html>`);
      seen.push({ path: url.pathname, body: "", htmx: request.headers["hx-request"] === "true" });
      return send(200, "text/html; charset=utf-8", await page(here, name));
    } catch (error) {
      send(error.code === "ENOENT" ? 404 : 500, "text/plain", String(error.message));
    }
  });

  return new Promise((resolve) => {
    server.listen(port, "127.0.0.1", () => {
      resolve({
        url: `http://127.0.0.1:${server.address().port}`,
        seen,
        state,
        listeners,
        change: (topic) => listeners.forEach((each) => each.write(`event: change\ndata: ${topic}\n\n`)),
        dropLive: () => listeners.forEach((each) => each.end()),
        close: () => new Promise((done) => { server.closeAllConnections(); server.close(done); }),
      });
    });
  });
}

function answerPost(url, body, send) {
  if (url.pathname === "/intake" && body.includes("damaged")) {
    const problem = { type: "about:blank", title: "Not a log Watchbell can read", status: 422, detail: "damaged.evtx: chunk 3 at byte 196608 has a wrong checksum." };
    return send(422, "application/problem+json", JSON.stringify(problem));
  }
  if (url.pathname === "/intake") return send(200, "application/json", JSON.stringify({ events: 1204, detections: 12, alerts: 3, href: "/alerts" }));
  if (url.pathname === "/severity") {
    const high = body.includes("functional=high");
    const name = high ? "critical" : "medium";
    return send(200, "text/html; charset=utf-8", `<output class="proposal" id="proposal" data-severity="${name}" aria-live="polite"><span class="badge" data-severity="${name}">${name[0].toUpperCase()}${name.slice(1)}</span><span class="proposal-why"><strong>The plan proposes ${name}.</strong> Drawn anew by the server.</span></output>`);
  }
  if (url.pathname === "/conflict") return send(409, "application/problem+json", JSON.stringify({ title: "Someone else changed this first", status: 409, detail: "Jon closed <b>INC-7</b> a minute ago." }));
  if (url.pathname === "/done") return send(200, "text/html; charset=utf-8", "", { "hx-trigger": JSON.stringify({ toast: { level: "good", title: "Acknowledged", text: "The alert is yours." } }) });
  return send(303, "text/plain", "", { location: "/alerts" });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const gallery = await startGallery(Number(process.env.PORT ?? 7399));
  console.log(`gallery on ${gallery.url}`);
}
