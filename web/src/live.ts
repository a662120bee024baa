// Live pages. The body's `data-live` names topics; the server sends `change` events that carry a topic, and
// each becomes an event `live:<topic>` on the body, which htmx triggers listen to. After any gap in the
// connection every topic is set off once, for what changed meanwhile is unknown.
//
// Browsers allow six connections to one HTTP/1.1 server, shared by all tabs, so a hidden tab gives its own back.

import { toast, type Toast } from "./toast";
import { isWrittenIn } from "./writing";

const SETTLE_MS = 250;
const LONGEST_WAIT_MS = 30_000;

type State = "live" | "reconnecting" | "off";

const WORDS: Record<State, string> = { live: "Live", reconnecting: "Reconnecting…", off: "Not live" };

class Live {
  private source: EventSource | undefined;
  private gap = false;
  private failures = 0;
  private retry = 0;
  private readonly settling = new Map<string, number>();

  constructor(
    private readonly url: string,
    private readonly topics: string[],
  ) {}

  open(): void {
    this.close();
    const source = new EventSource(this.url);
    this.source = source;
    source.addEventListener("open", () => {
      this.failures = 0;
      show("live");
      if (this.gap) for (const topic of this.topics) this.announce(topic);
      this.gap = false;
    });
    source.addEventListener("change", (event) => this.announce(String(event.data).trim()));
    source.addEventListener("toast", (event) => {
      try {
        toast(JSON.parse(String(event.data)) as Toast);
      } catch {
        // A message that is not JSON is not shown; the page's data comes by other means.
      }
    });
    source.addEventListener("error", () => {
      this.gap = true;
      show("reconnecting");
      // The browser retries a broken stream itself, but gives up for good on an answer such as 503.
      if (source.readyState === EventSource.CLOSED) {
        this.failures += 1;
        const wait = Math.min(LONGEST_WAIT_MS, 1000 * 2 ** Math.min(this.failures, 5)) * (0.5 + Math.random() / 2);
        this.retry = window.setTimeout(() => this.open(), wait);
      }
    });
  }

  close(): void {
    clearTimeout(this.retry);
    this.source?.close();
    this.source = undefined;
  }

  pause(): void {
    this.close();
    this.gap = true;
  }

  /** Changes come in bursts; one refetch for a burst is enough. */
  private announce(topic: string): void {
    if (!topic || this.settling.has(topic)) return;
    this.settling.set(
      topic,
      window.setTimeout(() => {
        this.settling.delete(topic);
        document.body.dispatchEvent(new CustomEvent(`live:${topic}`));
      }, SETTLE_MS),
    );
  }
}

function show(state: State): void {
  document.querySelectorAll<HTMLElement>(".live").forEach((shown) => {
    shown.dataset["state"] = state;
    const text = shown.querySelector(".live-text");
    if (text && text.textContent !== WORDS[state]) text.textContent = WORDS[state];
  });
}

/** A list that is written in waits; it is drawn anew once the writing is sent, emptied or left unchanged. */
function waitForWriting(): void {
  const late = new Set<Element>();
  const hold = (event: Event) => {
    const detail = (event as CustomEvent).detail as { target?: Element | null; elt?: Element; shouldSwap?: boolean };
    const list = event.type === "htmx:beforeRequest" ? detail.elt : detail.target;
    // What is morphed leaves the writing alone by itself.
    if (!list?.matches("[data-refresh]:not([hx-swap=morph])") || !isWrittenIn(list)) return;
    late.add(list);
    if (event.type === "htmx:beforeRequest") event.preventDefault();
    else detail.shouldSwap = false;
  };
  document.addEventListener("htmx:beforeRequest", hold);
  document.addEventListener("htmx:beforeSwap", hold);
  document.addEventListener("focusout", () => {
    if (late.size > 0) window.setTimeout(catchUp, SETTLE_MS);
  });
  const catchUp = () => {
    const ready = [...late].filter((list) => !isWrittenIn(list));
    if (ready.length === 0) return;
    ready.forEach((list) => late.delete(list));
    refreshAll();
  };
}

/** What a folded part is known by: the nearest id above it, and its place there. */
function placeOf(part: HTMLDetailsElement): string {
  const home = part.id ? part : part.parentElement?.closest("[id]");
  return `${home?.id} ${home ? [...home.querySelectorAll("details")].indexOf(part) : 0}`;
}

interface Place {
  ticked: string[];
  unfolded: string[];
  focused: string | null;
}

/** Keeps ticks, what is unfolded and the focused row when a list under `data-refresh` is drawn anew. */
function keepPlace(): void {
  // By the list's id: several are drawn anew at once.
  const places = new Map<string, Place>();
  document.addEventListener("htmx:beforeSwap", (event) => {
    const target = (event as CustomEvent).detail.target as Element | null;
    if (!target?.matches("[data-refresh]:not([hx-swap=morph])")) return;
    const active = document.activeElement;
    places.set(target.id, {
      ticked: [...target.querySelectorAll<HTMLInputElement>(".cell-select input:checked")].map((box) => box.value),
      unfolded: [...target.querySelectorAll<HTMLDetailsElement>("details[open]")].map(placeOf),
      focused: active && target.contains(active) ? active.getAttribute("href") : null,
    });
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const list = event.target;
    if (!(list instanceof Element) || !list.matches("[data-refresh]")) return;
    const place = places.get(list.id);
    if (!place || !places.delete(list.id)) return;
    for (const box of list.querySelectorAll<HTMLInputElement>(".cell-select input")) {
      if (place.ticked.includes(box.value)) box.checked = true;
    }
    for (const part of list.querySelectorAll("details")) {
      if (place.unfolded.includes(placeOf(part))) part.open = true;
    }
    if (place.focused) {
      list.querySelector<HTMLElement>(`a.row-link[href="${CSS.escape(place.focused)}"]`)?.focus({ preventScroll: true });
    }
    document.dispatchEvent(new CustomEvent("watchbell:selection"));
  });
}

function topicsOfPage(): string[] {
  return (document.body.dataset["live"] ?? "").split(",").map((topic) => topic.trim()).filter(Boolean);
}

/** Asks for everything live on the page anew. False where nothing is live. */
export function refreshAll(): boolean {
  const topics = topicsOfPage();
  for (const topic of topics) document.body.dispatchEvent(new CustomEvent(`live:${topic}`));
  return topics.length > 0;
}

export function setUpLive(): void {
  waitForWriting();
  keepPlace();
  const topics = topicsOfPage();
  if (topics.length === 0) {
    document.querySelectorAll<HTMLElement>(".live").forEach((shown) => (shown.hidden = true));
    return;
  }
  show("off");
  // Others in the incident see which part of it the reader looks at.
  const here = document.querySelector<HTMLElement>("[data-here]")?.dataset["here"];
  const query = new URLSearchParams({ topics: topics.join(","), ...(here ? { here } : {}) });
  const live = new Live(`/live?${query}`, topics);
  if (!document.hidden) live.open();
  document.addEventListener("visibilitychange", () => (document.hidden ? live.pause() : live.open()));
  window.addEventListener("pagehide", () => live.pause());
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) live.open();
  });
}
