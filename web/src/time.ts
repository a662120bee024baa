// Times in the reader's own zone. The server writes UTC as text, so a page without scripts is right too;
// here `data-relative`, `data-local`, `data-elapsed` and `data-countdown` are brought to life.
// The title always tells both the local time and UTC, to the second.

import { onContent } from "./dom";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SELECTOR = "time[data-relative], time[data-local], time[data-elapsed], time[data-countdown]";

const two = (value: number) => String(value).padStart(2, "0");
const datePart = (at: Date) => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
const timePart = (at: Date) => `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;

function zone(at: Date): string {
  const minutes = -at.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `UTC${minutes < 0 ? "−" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** "3 min", "2 h 05 min", "4 d 2 h": two units at most, so that it reads at a glance. */
export function duration(seconds: number): string {
  const whole = Math.floor(Math.abs(seconds));
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)} min`;
  if (whole < DAY) return `${Math.floor(whole / HOUR)} h ${two(Math.floor((whole % HOUR) / MINUTE))} min`;
  const hours = Math.floor((whole % DAY) / HOUR);
  return hours === 0 ? `${Math.floor(whole / DAY)} d` : `${Math.floor(whole / DAY)} d ${hours} h`;
}

function relative(at: Date, now: number): string {
  const seconds = (now - at.getTime()) / 1000;
  if (Math.abs(seconds) < 10) return "just now";
  if (Math.abs(seconds) > 7 * DAY) return datePart(at);
  // Days ago is close enough for a list; the title has the rest.
  const words = Math.abs(seconds) >= DAY ? `${Math.floor(Math.abs(seconds) / DAY)} d` : duration(seconds);
  return seconds > 0 ? `${words} ago` : `in ${words}`;
}

function show(time: HTMLTimeElement, now: number): void {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.getTime())) return;
  const set = (text: string) => {
    // Unchanged text is left alone, so that a selection in it survives.
    if (time.textContent !== text) time.textContent = text;
  };
  const data = time.dataset;
  if (data["relative"] !== undefined) set(relative(at, now));
  else if (data["elapsed"] !== undefined) {
    const end = data["elapsed"] ? new Date(data["elapsed"]).getTime() : now;
    set(duration((end - at.getTime()) / 1000));
  } else if (data["countdown"] !== undefined) {
    const left = (at.getTime() - now) / 1000;
    set(left >= 0 ? `${duration(left)} left` : `${duration(left)} overdue`);
    const warnAt = Number(data["countdown"] || 1800);
    const holder = time.closest<HTMLElement>(".due, .clock");
    if (holder) holder.dataset["state"] = left < 0 ? "over" : left < warnAt ? "soon" : "fine";
  } else if (data["local"] === "time") set(timePart(at));
  else if (data["local"] === "date") set(datePart(at));
  else set(`${datePart(at)} ${timePart(at)}`);

  if (!time.title) {
    const utc = at.toISOString().replace("T", " ").replace(/\.\d+Z$/, "");
    time.title = `${datePart(at)} ${timePart(at)} ${zone(at)}\n${utc} UTC`;
  }
}

export function setUpTimes(): void {
  const update = (root: ParentNode) => {
    const now = Date.now();
    root.querySelectorAll<HTMLTimeElement>(SELECTOR).forEach((time) => show(time, now));
  };
  onContent(update);
  window.setInterval(() => {
    if (!document.hidden) update(document);
  }, 10_000);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) update(document);
  });
}
