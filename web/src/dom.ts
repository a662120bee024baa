// Small helpers for making and finding elements. Text goes in as text only: nothing here, or anywhere
// in this folder, parses a string as markup.

type Attributes = Record<string, string | boolean | undefined>;

/** Makes an element with attributes and children; strings become text nodes. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

/** An icon out of the sprite; its address is taken from the page so that the server decides where assets live. */
export function icon(name: string): SVGSVGElement {
  const sprite = document.querySelector<HTMLMetaElement>('meta[name="icons"]')?.content ?? "/assets/icons.svg";
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

/** True while a person writes, so that single keys are left alone. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "submit", "file"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

export function isVisible(target: HTMLElement): boolean {
  return target.checkVisibility({ visibilityProperty: true });
}

/** Runs `work` on the page now and on everything htmx brings in later. */
export function onContent(work: (root: ParentNode) => void): void {
  work(document);
  document.addEventListener("htmx:load", (event) => {
    if (event.target instanceof Element && event.target !== document.body) {
      // The element itself may match too, so its parent is where the search begins.
      work(event.target.parentElement ?? event.target);
    }
  });
}

/** Local storage that may be switched off. */
export const remembered = {
  get(key: string): string | null {
    try {
      return localStorage.getItem(`watchbell.${key}`);
    } catch {
      return null;
    }
  },
  set(key: string, value: string | null): void {
    try {
      if (value === null) localStorage.removeItem(`watchbell.${key}`);
      else localStorage.setItem(`watchbell.${key}`, value);
    } catch {
      // Nothing to do: the choice lasts as long as the page.
    }
  },
};
