// The card of a run that goes on: its numbers, its curves, and what can be done about it; the
// twin of views/live_card.py. At the run's end its still card takes its place.
import type { AnyModel, Render } from "@anywidget/types";
import { make } from "./dom";
import { guardKeys } from "./keys";
import { Rpc } from "./rpc";

interface Curve {
  x?: string;
  y?: string;
  from: number;
  to: number;
  low: number;
  high: number;
}

interface Metric {
  name: string;
  text: string;
  step: number;
  count: number;
  curve: Curve;
  alert: string;
}

interface Progress {
  done?: number;
  total?: number;
  seconds?: number;
  of?: string;
  left?: number | null;
}

/** What does not change while the run goes on. */
interface Head {
  label: string;
  facts: string[];
  started: number; // milliseconds since 1970
  params: [string, string, string | null][];
  more: number;
  stop: boolean; // whether the cell can be stopped
  ghosts: Record<string, Curve>;
  ghost: string; // whose curves these are
}

interface Now {
  metrics: Metric[];
  more: number;
  progress: Progress;
  alerts: string[];
  machine: string[];
  said: string; // what was asked of the run, as a sentence
}

interface State {
  _head: string;
  _now: string;
}

const GAP = 255; // as in views/growing.py
const WIDTH = 150;
const HEIGHT = 28;
const PATIENCE = 2500; // milliseconds without an answer after which the kernel is busy
const SVG = "http://www.w3.org/2000/svg";

function bytes(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

interface Frame {
  from: number;
  to: number;
  low: number;
  high: number;
}

/** The steps and values that two curves have together. */
function frameOf(curve: Curve, ghost: Curve | undefined): Frame {
  const both = ghost?.x ? [curve, ghost] : [curve];
  return {
    from: Math.min(...both.map((one) => one.from)),
    to: Math.max(...both.map((one) => one.to)),
    low: Math.min(...both.map((one) => one.low)),
    high: Math.max(...both.map((one) => one.high)),
  };
}

/** Where a share of [low, high] lies in the frame's own, from 0 to 1; in halves, see growing.py. */
function within(share: number, low: number, high: number, from: number, to: number): number {
  const width = to / 2 - from / 2;
  if (!(width > 0)) return 0.5;
  return (low / 2 - from / 2 + share * (high / 2 - low / 2)) / width;
}

/** An SVG path; points that are not finite are gaps in it. */
export function pathOf(curve: Curve, frame: Frame): string {
  if (!curve.x || !curve.y) return "";
  const across = bytes(curve.x);
  const up = bytes(curve.y);
  let path = "";
  let pen = "M";
  for (let i = 0; i < up.length; i++) {
    const height = up[i] as number;
    if (height === GAP) {
      pen = "M";
      continue;
    }
    const x = within((across[i] as number) / 255, curve.from, curve.to, frame.from, frame.to);
    const y = within(height / (GAP - 1), curve.low, curve.high, frame.low, frame.high);
    path += `${pen}${(1 + x * (WIDTH - 2)).toFixed(1)} ${(HEIGHT - 2 - y * (HEIGHT - 4)).toFixed(1)}`;
    pen = "L";
  }
  return path;
}

/** "1 min 5 s"; the twin of format_duration for what counts up each second. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function progressText(progress: Progress): string {
  const left = progress.left;
  const wait = left === undefined || left === null ? "" : `, about ${clock(left)} left`;
  if (progress.total !== undefined && progress.done !== undefined) {
    return `${progress.done.toLocaleString("en")} of ${progress.total.toLocaleString("en")} ${progress.of}${wait}`;
  }
  if (progress.seconds === undefined) return "";
  return `${progress.of} took ${clock(progress.seconds)}${left && left > 0 ? wait : ""}`;
}

function svg(tag: string, attributes: Record<string, string>): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** One metric: its name, its curve over that of the run before, its value. */
class MetricRow {
  readonly element = make("div", "ct-live-metric");
  readonly #value = make("b", "ct-live-value");
  readonly #ghost = svg("path", { class: "ct-live-ghost" });
  readonly #line = svg("path", { class: "ct-live-line" });
  readonly #picture: SVGElement;

  constructor(name: string) {
    this.#picture = svg("svg", {
      class: "ct-live-curve",
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: "img",
    });
    this.#picture.append(this.#ghost, this.#line);
    const label = make("span", "ct-live-name", name);
    label.title = name;
    this.element.append(label, this.#picture, this.#value);
  }

  show(metric: Metric, ghost: Curve | undefined): void {
    this.#value.textContent = metric.text;
    this.element.dataset.alert = metric.alert;
    const frame = frameOf(metric.curve, ghost);
    const has = metric.curve.x !== undefined;
    this.#line.setAttribute("d", has ? pathOf(metric.curve, frame) : "");
    this.#ghost.setAttribute("d", has && ghost ? pathOf(ghost, frame) : "");
    const points = `${metric.count.toLocaleString("en")} point${metric.count === 1 ? "" : "s"}`;
    this.#picture.setAttribute("aria-label", `${metric.name}: ${points}, now ${metric.text}`);
  }
}

const render: Render<State> = ({ model, el }) => {
  const head = JSON.parse(model.get("_head")) as Head;
  const root = make("div", "celltrail ct-live");
  const freeKeys = guardKeys(root);
  const rpc = new Rpc(model as unknown as AnyModel as never);
  const top = make("div", "ct-live-top");
  const elapsed = make("span", "ct-live-elapsed");
  const dot = make("span", "ct-dot");
  dot.dataset.status = "running";
  const facts = make("span", "ct-live-facts", head.facts.join(" \u00b7 "));
  const stop = make("button", "ct-live-button", "Stop") as HTMLButtonElement;
  const note = make("button", "ct-live-button", "Note") as HTMLButtonElement;
  stop.title = "End the cell as an interrupt would, and keep all that was logged";
  note.title = "Say why this run is done";
  top.append(dot, make("b", "", head.label), elapsed, facts, note);
  if (head.stop) top.append(stop);
  const bar = make("div", "ct-live-bar");
  const full = make("div", "ct-live-full");
  bar.append(full);
  const progress = make("div", "ct-live-progress");
  const alerts = make("div", "ct-live-alerts");
  alerts.setAttribute("role", "status");
  const metrics = make("div", "ct-live-metrics");
  const below = make("div", "ct-live-below");
  const said = make("div", "ct-live-said");
  said.setAttribute("role", "status");
  root.append(top, bar, progress, alerts, metrics, below, said);
  el.append(root);
  el.classList.add("celltrail-view");
  const params = head.params.map(([key, value]) => `${key} ${value}`);
  if (head.more) params.push(`+${head.more} more`);

  const rows = new Map<string, MetricRow>();
  const show = () => {
    const now = JSON.parse(model.get("_now") || "null") as Now | null;
    if (!now) return;
    for (const metric of now.metrics) {
      let row = rows.get(metric.name);
      if (!row) {
        row = new MetricRow(metric.name);
        rows.set(metric.name, row);
        metrics.append(row.element);
      }
      row.show(metric, head.ghosts[metric.name]);
    }
    const { done, total, seconds, left } = now.progress;
    let share = total && done ? done / total : null;
    if (share === null && seconds && left !== undefined && left !== null)
      share = 1 - left / seconds;
    bar.hidden = share === null;
    full.style.width = `${100 * Math.min(1, Math.max(0, share ?? 0))}%`;
    progress.textContent = progressText(now.progress);
    alerts.replaceChildren(...now.alerts.map((text) => make("div", "ct-live-alert", text)));
    const rest = now.more ? [`+${now.more} more metrics`] : [];
    const ghost = head.ghost ? [`grey: ${head.ghost}`] : [];
    below.textContent = [...params, ...rest, ...now.machine, ...ghost].join(" \u00b7 ");
    if (now.said) said.textContent = now.said;
  };
  const tick = () => {
    elapsed.textContent = clock((Date.now() - head.started) / 1000);
  };

  /** Asks Python, and says so when the kernel hears nothing while the cell runs. */
  const ask = (method: string, params: Record<string, unknown>, late: string) => {
    const timer = setTimeout(() => {
      said.textContent = late;
    }, PATIENCE);
    rpc
      .ask<string>(method, params, 24 * 3_600_000)
      .then((answer) => {
        said.textContent = answer;
      })
      .catch((error: Error) => {
        said.textContent = error.message;
      })
      .finally(() => clearTimeout(timer));
  };
  stop.addEventListener("click", () => {
    stop.disabled = true;
    said.textContent = "stopping\u2026";
    ask("stop", {}, "The kernel hears this only when the cell has ended: interrupt it instead.");
  });
  note.addEventListener("click", () => {
    const box = make("input", "ct-live-note") as HTMLInputElement;
    box.placeholder = "Why this run is done";
    box.setAttribute("aria-label", "Note");
    const done = (keep: boolean) => {
      const text = box.value.trim();
      box.replaceWith(note);
      note.focus();
      if (keep && text) {
        ask(
          "note",
          { text },
          "The kernel hears this when the cell has ended: it will be noted then.",
        );
      }
    };
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault(); // or Enter would press the button that gets the focus now
      done(event.key === "Enter");
    });
    note.replaceWith(box);
    box.focus();
  });

  model.on("change:_now", show);
  const timer = setInterval(tick, 1000);
  tick();
  show();
  return () => {
    clearInterval(timer);
    model.off("change:_now", show);
    freeKeys();
    rpc.dispose();
  };
};

export default { render };
