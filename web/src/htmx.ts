// htmx, set up for a strict content security policy.
// Nothing evaluates strings, nothing injects styles or scripts, no page is kept in the browser's storage
// (pages hold evidence), and only our own origin is ever asked.

import htmx from "htmx.org";
import { fromResponse } from "./problem";
import { toast } from "./toast";

export function setUpHtmx(): void {
  Object.assign(htmx.config, {
    allowEval: false,
    allowScriptTags: false,
    includeIndicatorStyles: false,
    selfRequestsOnly: true,
    historyCacheSize: 0,
    refreshOnHistoryMiss: true,
    scrollIntoViewOnBoost: false,
    defaultSwapStyle: "outerHTML",
    timeout: 30_000,
    responseHandling: [
      { code: "204", swap: false },
      { code: "[23]..", swap: true },
      // A form sent back with its errors filled in; a problem document with the same code is caught below.
      { code: "422", swap: true, error: false },
      { code: "[45]..", swap: false, error: true },
    ],
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    const detail = (event as CustomEvent).detail as { xhr: XMLHttpRequest; shouldSwap: boolean; isError: boolean };
    const type = detail.xhr.getResponseHeader("content-type") ?? "";
    if (detail.xhr.status >= 400 && type.includes("json")) {
      detail.shouldSwap = false;
      detail.isError = true;
    }
  });

  document.addEventListener("htmx:responseError", (event) => {
    const { xhr } = (event as CustomEvent).detail as { xhr: XMLHttpRequest };
    if (xhr.status === 401) {
      // The session has ended: the server sends the reader to sign in and back.
      location.reload();
      return;
    }
    const problem = fromResponse(xhr);
    toast({ level: "error", title: problem.title, text: problem.detail });
  });
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, () => {
      toast({
        level: "error",
        title: "Watchbell did not answer",
        text: "Nothing was changed. Check the connection, then try again.",
      });
    });
  }
  showWaiting();
}

/** The thin line at the top, for whoever waits. Background refreshes do not show it. */
function showWaiting(): void {
  const bar = document.createElement("div");
  bar.className = "htmx-bar";
  bar.setAttribute("aria-hidden", "true");
  document.body.append(bar);
  let waiting = 0;
  const count = (step: number) => (event: Event) => {
    if (event.target instanceof Element && event.target.closest("[data-refresh]")) return;
    waiting = Math.max(0, waiting + step);
    bar.toggleAttribute("data-busy", waiting > 0);
  };
  document.addEventListener("htmx:beforeSend", count(1));
  document.addEventListener("htmx:afterRequest", count(-1));
}
