// A graph is SVG that the server has drawn, each box a link. This lets it be moved and made larger, shows what a
// box has to do with, and follows the lines by the arrow keys. Without it the picture scrolls in its frame.

import { onContent } from "./dom";

type Box = { x: number; y: number; width: number; height: number };

const CLOSEST = 0.25;
const FARTHEST = 4;

export function setUpGraphs(): void {
  onContent((root) => root.querySelectorAll<SVGSVGElement>("svg[data-graph]:not([data-ready])").forEach(setUp));
}

function setUp(svg: SVGSVGElement): void {
  svg.setAttribute("data-ready", "");
  const whole: Box = { x: 0, y: 0, width: svg.viewBox.baseVal.width, height: svg.viewBox.baseVal.height };
  const frame = svg.closest<HTMLElement>(".graph-frame");
  if (!frame) return;
  let box: Box = { ...whole };
  const show = (next: Box) => {
    box = next;
    svg.setAttribute("viewBox", `${box.x} ${box.y} ${box.width} ${box.height}`);
  };
  const fit = () => show({ ...whole });
  // As large as it is drawn, from its upper left corner, if it would be too small to read as a whole.
  const begin = () => {
    const { width, height } = frame.getBoundingClientRect();
    if (whole.width <= width * 1.45 && whole.height <= height * 1.45) fit();
    else show({ x: 0, y: 0, width, height });
  };
  const zoom = (by: number, px = 0.5, py = 0.5) => {
    const { width } = frame.getBoundingClientRect();
    const wanted = Math.min(Math.max(box.width * by, width / FARTHEST), Math.max(whole.width, width) / CLOSEST);
    const ratio = wanted / box.width;
    const height = box.height * ratio;
    show({ x: box.x + (box.width - wanted) * px, y: box.y + (box.height - height) * py, width: wanted, height });
  };
  frame.setAttribute("data-moves", "");
  begin();
  buttons(svg, { in: () => zoom(0.8), out: () => zoom(1.25), fit });
  wheel(svg, zoom);
  drag(svg, () => box, show);
  focus(svg, (node) => keepInSight(svg, node, box, show));
}

function buttons(svg: SVGSVGElement, acts: Record<string, () => void>): void {
  const card = svg.closest(".graph-card");
  card?.querySelectorAll<HTMLButtonElement>("[data-graph-zoom]").forEach((button) => {
    button.addEventListener("click", () => acts[button.dataset["graphZoom"] ?? ""]?.());
  });
}

function wheel(svg: SVGSVGElement, zoom: (by: number, px: number, py: number) => void): void {
  svg.addEventListener(
    "wheel",
    (event) => {
      // Plain scrolling is the page's.
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const { left, top, width, height } = svg.getBoundingClientRect();
      zoom(event.deltaY > 0 ? 1.12 : 0.89, (event.clientX - left) / width, (event.clientY - top) / height);
    },
    { passive: false },
  );
}

function drag(svg: SVGSVGElement, box: () => Box, show: (next: Box) => void): void {
  let from: { x: number; y: number; box: Box } | undefined;
  let moved = false;
  svg.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    from = { x: event.clientX, y: event.clientY, box: box() };
    moved = false;
  });
  svg.addEventListener("pointermove", (event) => {
    if (!from) return;
    const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
    if (!moved && Math.hypot(dx, dy) < 4) return;
    if (!moved) svg.setPointerCapture(event.pointerId);
    moved = true;
    const scale = from.box.width / svg.getBoundingClientRect().width;
    show({ ...from.box, x: from.box.x - dx * scale, y: from.box.y - dy * scale });
  });
  const end = () => (from = undefined);
  svg.addEventListener("pointerup", end);
  svg.addEventListener("pointercancel", end);
  // What was moved is not opened.
  svg.addEventListener("click", (event) => moved && event.preventDefault(), true);
  svg.addEventListener("dragstart", (event) => event.preventDefault());
}

const nodes = (svg: SVGSVGElement) => [...svg.querySelectorAll<SVGGraphicsElement>("[data-node]")];
const edges = (svg: SVGSVGElement) => [...svg.querySelectorAll<SVGGElement>(".graph-edge")];

/** Shows what a box has to do with, while it is pointed at or has the focus. */
function focus(svg: SVGSVGElement, seen: (node: SVGGraphicsElement) => void): void {
  const mark = (node?: SVGGraphicsElement | null) => {
    svg.toggleAttribute("data-focused", Boolean(node));
    const id = node?.dataset["node"];
    const near = new Set([id]);
    for (const edge of edges(svg)) {
      const { from, to } = edge.dataset;
      const own = id !== undefined && (from === id || to === id);
      edge.toggleAttribute("data-near", own);
      if (own) near.add(from).add(to);
    }
    for (const one of nodes(svg)) one.toggleAttribute("data-near", near.has(one.dataset["node"]));
  };
  const of = (target: EventTarget | null) => (target instanceof Element ? target.closest<SVGGraphicsElement>("[data-node]") : null);
  svg.addEventListener("pointerover", (event) => mark(of(event.target) ?? of(document.activeElement)));
  svg.addEventListener("pointerleave", () => mark(of(document.activeElement)));
  svg.addEventListener("focusin", (event) => {
    const node = of(event.target);
    mark(node);
    if (node?.matches(":focus-visible")) seen(node);
  });
  svg.addEventListener("focusout", () => mark());
  svg.addEventListener("keydown", (event) => {
    const node = of(event.target);
    const next = node && step(svg, node, event.key);
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}

/** The box that an arrow key leads to: along a line to the left or right, else the nearest above or below. */
function step(svg: SVGSVGElement, node: SVGGraphicsElement, key: string): SVGGraphicsElement | undefined {
  const here = middle(node);
  const is = (other: SVGGraphicsElement) => {
    const there = middle(other);
    const [dx, dy] = [there.x - here.x, there.y - here.y];
    if (key === "ArrowUp") return Math.abs(dx) < 1 && dy < -1;
    if (key === "ArrowDown") return Math.abs(dx) < 1 && dy > 1;
    if (key === "ArrowLeft") return dx < -1 && joined(svg, node, other);
    if (key === "ArrowRight") return dx > 1 && joined(svg, node, other);
    return false;
  };
  const far = (other: SVGGraphicsElement) => Math.hypot(middle(other).x - here.x, middle(other).y - here.y);
  return nodes(svg)
    .filter((other) => other.tagName === "a" && other !== node && is(other))
    .sort((one, other) => far(one) - far(other))[0];
}

function joined(svg: SVGSVGElement, one: SVGGraphicsElement, other: SVGGraphicsElement): boolean {
  const ids = [one.dataset["node"], other.dataset["node"]];
  return edges(svg).some(({ dataset }) => ids.includes(dataset["from"]) && ids.includes(dataset["to"]));
}

function middle(node: SVGGraphicsElement): { x: number; y: number } {
  const { left, top, width, height } = node.getBoundingClientRect();
  return { x: left + width / 2, y: top + height / 2 };
}

/** Moves the picture so that a box which has the focus is seen. */
function keepInSight(svg: SVGSVGElement, node: SVGGraphicsElement, box: Box, show: (next: Box) => void): void {
  const [frame, own] = [svg.getBoundingClientRect(), node.getBoundingClientRect()];
  const inside = own.left >= frame.left && own.right <= frame.right && own.top >= frame.top && own.bottom <= frame.bottom;
  if (inside) return;
  const scale = box.width / frame.width;
  const dx = (own.left + own.right - frame.left - frame.right) / 2;
  const dy = (own.top + own.bottom - frame.top - frame.bottom) / 2;
  show({ ...box, x: box.x + dx * scale, y: box.y + dy * scale });
}
