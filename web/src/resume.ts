// Evidence as a resumable upload (tus 1.0.0). The form is the ordinary one; here its file goes piece by piece to
// `data-tus`, with a bar. When the connection breaks, the server is asked how far it came, and the upload goes on
// there, by itself while the page is open, and after a reload once the same file is chosen again.

import { element, remembered } from "./dom";
import { go, keep } from "./forms";
import { fromResponse } from "./problem";

/** Large enough that requests cost nothing, small enough that a broken one loses little. */
const PIECE = 32 * 1024 * 1024;
/** Milliseconds to wait before each next try; the last one is repeated. */
const WAITS = [500, 1000, 2000, 5000, 10_000];
const PATIENCE = 40;

class Refused extends Error {}
class Broken extends Error {}

/** The same file, by what a browser tells of it. */
function fingerprint(target: string, file: File): string {
  return `upload ${target} ${file.name} ${file.size} ${file.lastModified}`;
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

function metadata(form: HTMLFormElement, file: File): string {
  const pairs = [`filename ${base64(file.name)}`];
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && value.trim() !== "") pairs.push(`${name} ${base64(value)}`);
  }
  return pairs.join(",");
}

class Upload {
  private request: XMLHttpRequest | undefined;
  private stopped = false;
  private failures = 0;
  private readonly metadata: string;

  constructor(
    form: HTMLFormElement,
    private readonly target: string,
    private readonly file: File,
    private readonly bar: HTMLProgressElement,
    private readonly note: HTMLElement,
  ) {
    // Read now: while the file is sent the fields are disabled, and a form tells nothing of those.
    this.metadata = metadata(form, file);
  }

  stop(): void {
    this.stopped = true;
    this.request?.abort();
  }

  /** Sends the whole file; gives the evidence item's name, or nothing if it was stopped. */
  async run(): Promise<string | undefined> {
    const key = fingerprint(this.target, this.file);
    let address = remembered.get(key);
    for (;;) {
      if (this.stopped) return undefined;
      try {
        const offset = address ? await this.offset(address) : 0;
        if (address === null || offset === undefined) {
          address = await this.create();
          remembered.set(key, address);
        }
        const item = await this.send(address, offset ?? 0);
        remembered.set(key, null);
        return item;
      } catch (error) {
        if (this.stopped) return undefined;
        if (!(error instanceof Broken) || ++this.failures > PATIENCE) throw error;
        await this.wait();
      }
    }
  }

  private async send(address: string, from: number): Promise<string> {
    let offset = from;
    for (;;) {
      const piece = this.file.slice(offset, offset + PIECE);
      const answer = await this.ask("PATCH", address, { "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" }, piece, offset);
      const next = Number(answer.getResponseHeader("upload-offset"));
      if (next > offset) this.failures = 0;
      offset = next;
      const item = answer.getResponseHeader("watchbell-evidence");
      if (item) return item;
    }
  }

  /** How far it came; nothing if the server knows no such upload any more. */
  private async offset(address: string): Promise<number | undefined> {
    const answer = await this.ask("HEAD", address, {});
    if (answer.status === 404) return undefined;
    return Number(answer.getResponseHeader("upload-offset"));
  }

  private async create(): Promise<string> {
    const headers = { "Upload-Length": String(this.file.size), "Upload-Metadata": this.metadata };
    const answer = await this.ask("POST", this.target, headers);
    const address = answer.getResponseHeader("location");
    if (!address?.startsWith("/")) throw new Refused("The server did not say where the file goes.");
    return address;
  }

  private ask(method: string, address: string, headers: Record<string, string>, body?: Blob, done = 0): Promise<XMLHttpRequest> {
    return new Promise((answered, failed) => {
      const xhr = new XMLHttpRequest();
      this.request = xhr;
      xhr.upload.addEventListener("progress", (event) => this.show(done + event.loaded));
      xhr.addEventListener("load", () => {
        const known = method === "HEAD" && xhr.status === 404;
        if ((xhr.status >= 200 && xhr.status < 300) || known) answered(xhr);
        // 409: the server has more, or less, than we thought; ask again. 5xx: it is not well; wait.
        else if (xhr.status === 409 && method === "PATCH") failed(new Broken());
        else if (xhr.status >= 500) failed(new Broken());
        else if (xhr.status === 401) failed(new Refused("You are signed out. Sign in again in another tab, then send it once more: it goes on where it was."));
        else failed(new Refused(fromResponse(xhr).detail));
      });
      for (const name of ["error", "timeout", "abort"]) xhr.addEventListener(name, () => failed(new Broken()));
      xhr.open(method, address);
      xhr.setRequestHeader("Tus-Resumable", "1.0.0");
      for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
      xhr.send(body ?? null);
    });
  }

  private show(bytes: number): void {
    const percent = this.file.size === 0 ? 100 : Math.min(100, Math.floor((bytes / this.file.size) * 100));
    this.bar.value = percent;
    this.note.textContent = percent === 100 ? "Received; being sealed" : `Sending, ${percent} %`;
  }

  private async wait(): Promise<void> {
    const pause = WAITS[Math.min(this.failures, WAITS.length) - 1] ?? 500;
    this.note.textContent = "The connection broke. Going on where it was…";
    await new Promise((go) => setTimeout(go, pause));
  }
}

async function start(form: HTMLFormElement, target: string, file: File): Promise<void> {
  form.querySelector(":scope > .error-summary")?.remove();
  const note = element("span", { class: "upload-note", role: "status" }, "Sending");
  const bar = element("progress", { max: "100", value: "0", "aria-label": `Sending ${file.name}` });
  const stop = element("button", { class: "button", "data-size": "small", type: "button" }, "Stop");
  const row = element("div", { class: "upload" }, element("span", { class: "upload-name" }, file.name), stop, bar, note);
  form.append(row);
  const controls = [...form.querySelectorAll<HTMLInputElement | HTMLTextAreaElement | HTMLButtonElement>("input, textarea, button[type=submit]")];
  const upload = new Upload(form, target, file, bar, note);
  const working = upload.run();
  for (const control of controls) control.disabled = true;
  const warn = (event: BeforeUnloadEvent): void => event.preventDefault();
  window.addEventListener("beforeunload", warn);
  stop.addEventListener("click", () => upload.stop());
  try {
    const item = await working;
    window.removeEventListener("beforeunload", warn);
    if (item === undefined) return;
    keep(form.dataset["done"] ?? "");
    form.reset();
    go(`/evidence/${item}`);
  } catch (error) {
    const detail = error instanceof Refused ? error.message : "Watchbell does not answer. Send it again: it goes on where it was.";
    const shown = element("div", { class: "error-summary", role: "alert", tabindex: "-1" }, element("h2", {}, "The file was not taken"), element("p", {}, detail));
    form.prepend(shown);
    shown.focus();
  } finally {
    window.removeEventListener("beforeunload", warn);
    for (const control of controls) control.disabled = false;
    row.remove();
  }
}

export function setUpResumable(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !(form instanceof HTMLFormElement)) return;
    const target = form.dataset["tus"];
    const file = form.querySelector<HTMLInputElement>("input[type=file]")?.files?.[0];
    if (!target || !file) return;
    event.preventDefault();
    if (!form.querySelector(":scope > .upload")) void start(form, target, file);
  });
}
