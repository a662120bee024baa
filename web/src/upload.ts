// Files, by drop or by picking. Each goes alone as multipart to `data-upload`, two at a time, with a bar of its
// own, so one damaged file never holds up the rest. The answer's numbers are shown as they come.

import { element, icon } from "./dom";
import { fromResponse } from "./problem";

const AT_ONCE = 2;

interface Job {
  file: File;
  row: HTMLElement;
  note: HTMLElement;
  bar: HTMLProgressElement;
  xhr?: XMLHttpRequest;
  state: "waiting" | "sending" | "done" | "failed";
}

function size(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const step = bytes === 0 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** step;
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[step]}`;
}

/** Every top-level number of the answer, as "1,204 events · 3 alerts". */
function counts(body: Record<string, unknown>): string {
  return Object.entries(body)
    .filter((entry): entry is [string, number] => typeof entry[1] === "number")
    .map(([name, value]) => `${value.toLocaleString("en")} ${name.replaceAll("_", " ")}`)
    .join(" · ");
}

class Uploads {
  private readonly jobs: Job[] = [];
  private readonly total: HTMLElement;

  constructor(
    private readonly zone: HTMLFormElement,
    private readonly list: HTMLElement,
  ) {
    this.total = element("span", { role: "status" });
  }

  add(files: Iterable<File>): void {
    for (const file of files) {
      const cancel = element("button", { class: "copy", type: "button", "aria-label": `Cancel ${file.name}` }, icon("x"));
      const note = element("span", { class: "upload-note" }, "Waiting");
      const bar = element("progress", { max: "100", value: "0", "aria-label": `Sending ${file.name}` });
      const name = element("span", { class: "upload-name" }, file.webkitRelativePath || file.name, element("span", { class: "upload-size" }, size(file.size)));
      const row = element("li", { class: "upload", "data-state": "waiting" }, name, cancel, bar, note);
      const job: Job = { file, row, note, bar, state: "waiting" };
      cancel.addEventListener("click", () => this.cancel(job));
      this.jobs.push(job);
      if (this.jobs.length === 2) this.list.prepend(element("li", { class: "uploads-total" }, this.total));
      this.list.append(row);
    }
    this.next();
  }

  private cancel(job: Job): void {
    if (job.state === "done" || job.state === "failed") {
      job.row.remove();
      return;
    }
    job.xhr?.abort();
    this.finish(job, "failed", "Cancelled");
  }

  private next(): void {
    while (this.jobs.filter((job) => job.state === "sending").length < AT_ONCE) {
      const job = this.jobs.find((candidate) => candidate.state === "waiting");
      if (!job) break;
      this.send(job);
    }
    const ended = this.jobs.filter((job) => job.state === "done" || job.state === "failed").length;
    const failed = this.jobs.filter((job) => job.state === "failed").length;
    this.total.textContent = `${ended} of ${this.jobs.length} files${failed ? `, ${failed} not taken` : ""}`;
  }

  private send(job: Job): void {
    const data = new FormData();
    // Hidden fields of the form (such as a request token, or the incident the file belongs to) go along.
    for (const [name, value] of new FormData(this.zone)) if (typeof value === "string") data.append(name, value);
    const input = this.zone.querySelector<HTMLInputElement>("input[type=file]");
    data.append(input?.name || "file", job.file, job.file.webkitRelativePath || job.file.name);

    const xhr = new XMLHttpRequest();
    job.xhr = xhr;
    job.state = "sending";
    job.row.dataset["state"] = "sending";
    job.note.textContent = "Sending";
    xhr.upload.addEventListener("progress", (event) => {
      if (!event.lengthComputable) return;
      const percent = Math.floor((event.loaded / event.total) * 100);
      job.bar.value = percent;
      job.note.textContent = `Sending, ${percent} %`;
    });
    xhr.upload.addEventListener("load", () => {
      job.bar.removeAttribute("value");
      job.note.textContent = "Received, being read";
    });
    xhr.addEventListener("load", () => this.answered(job, xhr));
    xhr.addEventListener("error", () => this.finish(job, "failed", "The connection broke. Send the file again."));
    xhr.open("POST", this.zone.dataset["upload"] ?? this.zone.action);
    xhr.setRequestHeader("Accept", "application/json");
    xhr.send(data);
  }

  private answered(job: Job, xhr: XMLHttpRequest): void {
    if (xhr.status < 200 || xhr.status >= 300) {
      const problem = fromResponse(xhr);
      this.finish(job, "failed", problem.detail ? `${problem.title}: ${problem.detail}` : problem.title);
      return;
    }
    let body: Record<string, unknown> = {};
    try {
      const parsed: unknown = JSON.parse(xhr.responseText);
      if (typeof parsed === "object" && parsed !== null) body = parsed as Record<string, unknown>;
    } catch {
      // An answer without JSON still means that the file was taken.
    }
    this.finish(job, "done", counts(body) || "Taken");
    const href = body["href"];
    if (typeof href === "string" && href.startsWith("/") && !href.startsWith("//")) {
      job.note.append(" ", element("a", { href }, "Open"));
    }
  }

  private finish(job: Job, state: "done" | "failed", words: string): void {
    if (job.state === "done" || job.state === "failed") return;
    job.state = state;
    job.row.dataset["state"] = state;
    job.note.textContent = words;
    const button = job.row.querySelector("button");
    button?.setAttribute("aria-label", `Remove ${job.file.name} from this list`);
    this.next();
  }

  get busy(): boolean {
    return this.jobs.some((job) => job.state === "waiting" || job.state === "sending");
  }
}

/** Folders too: the entries are walked, for evidence often comes as a folder of logs. */
async function dropped(transfer: DataTransfer): Promise<File[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return [...transfer.files];
  const files: File[] = [];
  const walk = async (entry: FileSystemEntry): Promise<void> => {
    if (entry.isFile) {
      files.push(await new Promise<File>((yes, no) => (entry as FileSystemFileEntry).file(yes, no)));
    } else if (entry.isDirectory) {
      const reader = (entry as FileSystemDirectoryEntry).createReader();
      for (;;) {
        // A reader hands out at most a hundred entries a call.
        const batch = await new Promise<FileSystemEntry[]>((yes, no) => reader.readEntries(yes, no));
        if (batch.length === 0) break;
        for (const inner of batch) await walk(inner);
      }
    }
  };
  for (const entry of entries) await walk(entry);
  return files;
}

export function setUpUploads(): void {
  const zones = new WeakMap<HTMLFormElement, Uploads>();
  const live: Uploads[] = [];
  const uploadsOf = (zone: HTMLFormElement): Uploads => {
    const known = zones.get(zone);
    if (known) return known;
    const after = zone.nextElementSibling;
    const list = after instanceof HTMLElement && after.matches(".uploads") ? after : element("ul", { class: "uploads" });
    if (list !== after) zone.after(list);
    const made = new Uploads(zone, list);
    zones.set(zone, made);
    live.push(made);
    return made;
  };
  const zoneOf = (event: Event): HTMLFormElement | null =>
    event.target instanceof Element ? event.target.closest<HTMLFormElement>("form[data-upload]") : null;

  document.addEventListener("change", (event) => {
    const zone = zoneOf(event);
    if (!zone || !(event.target instanceof HTMLInputElement) || event.target.type !== "file") return;
    uploadsOf(zone).add([...(event.target.files ?? [])]);
    event.target.value = "";
  });
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    // Dropped beside the zone, a file would replace the page.
    event.preventDefault();
    const zone = zoneOf(event);
    event.dataTransfer.dropEffect = zone ? "copy" : "none";
    zone?.setAttribute("data-over", "");
  });
  document.addEventListener("dragleave", (event) => {
    const zone = zoneOf(event);
    if (zone && !(event.relatedTarget instanceof Node && zone.contains(event.relatedTarget))) zone.removeAttribute("data-over");
  });
  document.addEventListener("drop", (event) => {
    const zone = zoneOf(event);
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    zone?.removeAttribute("data-over");
    if (zone) void dropped(event.dataTransfer).then((files) => uploadsOf(zone).add(files));
  });
  window.addEventListener("beforeunload", (event) => {
    if (live.some((uploads) => uploads.busy)) event.preventDefault();
  });
}
