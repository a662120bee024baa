// The timeline's figure: the wheel, keys and dragging zoom it. The server draws each view anew; the address says
// which, so a view can be sent to somebody and the back button works.

import htmx from "htmx.org";

const VIEW = "#timeline-view";
/** The figure's own width; see the server's drawing. */
const WIDTH = 1200;
const SETTLE_MS = 140;
const STEP = 0.6;
/** What is dragged over fewer pixels is a press. */
const LEAST_DRAG = 8;

interface Stretch {
  left: number;
  right: number;
  from: number;
  to: number;
}

function stretches(figure: HTMLElement): Stretch[] {
  return (figure.dataset["scale"] ?? "").split(";").filter(Boolean).map((part) => {
    const [left = 0, right = 0, from = 0, to = 0] = part.split(",").map(Number);
    return { left, right, from, to };
  });
}

/** The time at a place of the figure; in a break the nearer end of it. */
function timeAt(all: Stretch[], x: number): number | undefined {
  const found = all.find((stretch) => x <= stretch.right) ?? all.at(-1);
  if (!found) return undefined;
  const part = Math.min(1, Math.max(0, (x - found.left) / (found.right - found.left || 1)));
  return found.from + (found.to - found.from) * part;
}

function placeOf(figure: HTMLElement, clientX: number): number {
  const box = figure.querySelector("svg")?.getBoundingClientRect();
  return box ? ((clientX - box.left) / box.width) * WIDTH : 0;
}

let waiting = 0;

/** Asks for a stretch of time, once the hand rests. */
function show(from: number, to: number): void {
  const address = new URL(location.href);
  address.hash = "";
  address.searchParams.delete("cursor");
  address.searchParams.set("from", new Date(Math.floor(from)).toISOString());
  address.searchParams.set("to", new Date(Math.ceil(to)).toISOString());
  go(address);
}

function go(address: URL): void {
  clearTimeout(waiting);
  waiting = window.setTimeout(() => {
    history.replaceState(history.state, "", address);
    void htmx.ajax("get", address.pathname + address.search, { source: VIEW, target: VIEW, select: VIEW, swap: "morph" as "outerHTML" });
  }, SETTLE_MS);
}

function zoom(figure: HTMLElement, at: number, factor: number): void {
  const all = stretches(figure);
  const [first, last] = [all[0], all.at(-1)];
  if (!first || !last) return;
  if (factor > 1) {
    // There is nothing drawn beyond the ends, so time itself is widened.
    const span = Math.max(1000, last.to - first.from);
    show(first.from - (span * (factor - 1)) / 2, last.to + (span * (factor - 1)) / 2);
    return;
  }
  const from = timeAt(all, at - (at - first.left) * factor);
  const to = timeAt(all, at + (last.right - at) * factor);
  if (from !== undefined && to !== undefined && to > from) show(from, to);
}

/** The links beside the figure do the same; what has no link here has nowhere to go. */
function press(name: string): void {
  const link = document.querySelector<HTMLAnchorElement>(`[data-zoom="${name}"]`);
  if (link) go(new URL(link.href));
}

const KEYS: Record<string, string> = { "+": "in", "=": "in", "-": "out", ArrowLeft: "earlier", ArrowRight: "later", "0": "all" };

function drag(figure: HTMLElement, start: PointerEvent): void {
  const begin = start.clientX;
  const box = document.createElement("div");
  box.className = "figure-drag";
  const move = (event: PointerEvent) => {
    if (Math.abs(event.clientX - begin) < LEAST_DRAG) return;
    if (!box.isConnected) figure.append(box);
    const edge = figure.getBoundingClientRect().left - figure.scrollLeft;
    box.style.setProperty("inset-inline-start", `${Math.min(begin, event.clientX) - edge}px`);
    box.style.setProperty("inline-size", `${Math.abs(event.clientX - begin)}px`);
  };
  const end = (event: PointerEvent) => {
    document.removeEventListener("pointermove", move);
    document.removeEventListener("pointerup", end);
    document.removeEventListener("pointercancel", end);
    if (!box.isConnected) return;
    box.remove();
    // Whoever dragged did not press the mark below.
    window.addEventListener("click", (click) => { click.preventDefault(); click.stopPropagation(); }, { capture: true, once: true });
    window.setTimeout(() => figure.focus({ preventScroll: true }));
    const all = stretches(figure);
    const [one, other] = [begin, event.clientX].sort((a, b) => a - b).map((x) => timeAt(all, placeOf(figure, x)));
    if (one !== undefined && other !== undefined && other > one) show(one, other);
  };
  document.addEventListener("pointermove", move);
  document.addEventListener("pointerup", end);
  document.addEventListener("pointercancel", end);
}

export function setUpFigure(): void {
  const figureOf = (target: EventTarget | null) => (target instanceof Element ? target.closest<HTMLElement>(".figure-view") : null);
  document.addEventListener("wheel", (event) => {
    const figure = figureOf(event.target);
    // The page scrolls unless the figure is in hand.
    if (!figure || event.deltaY === 0 || !(event.ctrlKey || figure.contains(document.activeElement))) return;
    event.preventDefault();
    zoom(figure, placeOf(figure, event.clientX), event.deltaY < 0 ? STEP : 1 / STEP);
  }, { passive: false });
  document.addEventListener("keydown", (event) => {
    const figure = figureOf(event.target);
    const name = KEYS[event.key];
    if (!figure || !name || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    press(name);
  });
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[data-zoom]") : null;
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(new URL(link.href));
  });
  document.addEventListener("pointerdown", (event) => {
    const figure = figureOf(event.target);
    if (!figure || event.button !== 0 || event.pointerType === "touch") return;
    // Marks are links, which browsers would drag away.
    event.preventDefault();
    figure.focus({ preventScroll: true });
    drag(figure, event);
  });
}
