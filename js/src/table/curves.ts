// The curves of runs in the cells of their metrics: asked for once they are in sight, kept, and
// drawn when they come. Until then, and without a kernel, a cell has its number only. The twin
// of views/curve_cells.py.
import { bytesOf, type Column, type Value } from "../columns";
import { make } from "../dom";
import { type CurveHead, describe, drawCurve } from "./curve_draw";
import type { TableState } from "./state";

export interface CurvesAnswer {
  result: CurveHead[];
  data: DataView;
}

const NOTHING = new Uint8Array();
const GONE: CurveHead = {
  metric: "",
  id: "",
  count: 0,
  gaps: 0,
  min: null,
  max: null,
  color: "",
  points: 0,
};

interface Known extends CurveHead {
  /** A byte for the x of each point, then one for the y of each. */
  drawn: Uint8Array;
  /** The cell's value, the status of the run and all data, as it was when this was asked for. */
  value: Value;
  status: Value;
  moment: unknown;
  since: number;
}

interface Spot {
  key: string;
  id: string;
  column: Column;
  row: number;
  room: number;
  /** What the cell's title says without a curve. */
  title: string;
}

const REST = 90; // milliseconds that the rows have to stand still
const PAUSE = 5_000; // after an answer that did not come
const GROWS = 5_000; // the curve of a run that goes on is not asked for more often
const ASKED = 60; // curves in one question: the kernel has other things to do in between
const KEPT = 4_000;

export class Curves {
  readonly #state: TableState;
  readonly #scroll: HTMLElement;
  readonly #ask: (wanted: Record<string, string[]>, pixels: number) => Promise<CurvesAnswer>;
  readonly #known = new Map<string, Known>();
  readonly #spots = new WeakMap<Element, Spot>();
  readonly #canvases = new WeakMap<Element, HTMLCanvasElement>();
  readonly #seen: IntersectionObserver;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #growing: ReturnType<typeof setTimeout> | undefined;
  #asking = false;
  #restsUntil = 0;

  constructor(
    state: TableState,
    scroll: HTMLElement,
    ask: (wanted: Record<string, string[]>, pixels: number) => Promise<CurvesAnswer>,
  ) {
    this.#state = state;
    this.#scroll = scroll;
    this.#ask = ask;
    scroll.addEventListener("scroll", this.#soon, { passive: true });
    // in a notebook that is scrolled more of the table comes into sight, some rows at a time
    const threshold = Array.from({ length: 41 }, (_, part) => part / 40);
    this.#seen = new IntersectionObserver(this.#soon, { threshold });
    this.#seen.observe(scroll);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#growing);
    this.#asking = true; // what still comes is for nobody
    this.#seen.disconnect();
    this.#scroll.removeEventListener("scroll", this.#soon);
  }

  /** Draws the curve of a cell that was just filled, or finds it soon. */
  readonly paint = (cell: HTMLElement, column: Column, row: number, room: number): void => {
    const id = this.#state.data.peek().ids[row] ?? "";
    const spot = { key: keyOf(id, column), id, column, row, room, title: cell.title };
    this.#spots.set(cell, spot);
    const known = this.#known.get(spot.key);
    if (known) this.#draw(cell, spot, known);
    if (!known || !this.#isFresh(spot, known)) this.#soon();
    else if (known.moment !== this.#state.data.peek()) this.#afterwards();
  };

  /** Looks again once the curves of runs that go on may be asked for: nothing else may come. */
  #afterwards(): void {
    this.#growing ??= setTimeout(() => {
      this.#growing = undefined;
      this.#soon();
    }, GROWS);
  }

  readonly #soon = (): void => {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#look, REST);
  };

  /** Asks for what is in sight and not known. */
  readonly #look = async (): Promise<void> => {
    if (this.#asking || performance.now() < this.#restsUntil) return;
    const missing = this.#cells().filter((cell) => this.#isMissing(cell) && this.#isInSight(cell));
    const spots = missing.slice(0, ASKED).flatMap((cell) => this.#spots.get(cell) ?? []);
    if (!spots.length) return;
    const wanted: Record<string, string[]> = Object.create(null);
    for (const { id, column } of spots) {
      const ids = wanted[metricOf(column)] ?? [];
      wanted[metricOf(column)] = [...ids, id];
    }
    const moment = this.#state.data.peek();
    const asked = new Map(spots.map((spot) => [spot.key, this.#now(spot, moment)]));
    this.#asking = true;
    try {
      const pixels = Math.max(...spots.map(({ room }) => room));
      this.#keep(await this.#ask(wanted, pixels), asked);
    } catch {
      this.#restsUntil = performance.now() + PAUSE;
    }
    this.#asking = false;
    if (performance.now() >= this.#restsUntil) this.#soon();
  };

  #cells(): HTMLElement[] {
    return [...this.#scroll.querySelectorAll<HTMLElement>(".ct-curved")];
  }

  #isMissing(cell: Element): boolean {
    const spot = this.#spots.get(cell);
    const known = spot && this.#known.get(spot.key);
    return spot !== undefined && !(known && this.#isFresh(spot, known));
  }

  #isInSight(cell: Element): boolean {
    const box = cell.getBoundingClientRect();
    const frame = this.#scroll.getBoundingClientRect();
    const top = Math.max(frame.top, 0);
    const bottom = Math.min(frame.bottom, window.innerHeight);
    const across = box.right > frame.left && box.left < frame.right;
    return across && box.bottom > top && box.top < bottom;
  }

  #now({ column, row }: Spot, moment: unknown) {
    const status = this.#state.data.peek().columns.get("status")?.at(row) ?? null;
    return { value: column.at(row), status, moment, since: performance.now() };
  }

  /** Whether a curve is as it would be if it were asked for again: a run may go on. */
  #isFresh(spot: Spot, known: Known): boolean {
    const now = this.#now(spot, this.#state.data.peek());
    if (known.moment === now.moment) return true;
    if (now.status === "running" && now.since - known.since < GROWS) return true;
    const over = known.status === now.status && now.status !== "running";
    return over && Object.is(known.value, now.value);
  }

  #keep(
    { result, data }: CurvesAnswer,
    asked: ReadonlyMap<string, Pick<Known, "value" | "status" | "moment" | "since">>,
  ): void {
    const bytes = data ? bytesOf(data) : new Uint8Array();
    const heads = new Map(result.map((head) => [`${head.id} ${head.metric}`, head]));
    const parts = new Map<string, Uint8Array>();
    let at = 0;
    for (const [key, { points }] of heads) {
      parts.set(key, bytes.subarray(at, at + 2 * points));
      at += 2 * points;
    }
    for (const [key, then] of asked) {
      this.#known.delete(key); // so that the oldest stand first
      const drawn = parts.get(key) ?? NOTHING;
      // of a run that is gone there is nothing, and it is not asked for again
      this.#known.set(key, { ...(heads.get(key) ?? GONE), drawn, ...then });
    }
    for (const key of this.#known.keys()) {
      if (this.#known.size <= KEPT) break;
      this.#known.delete(key);
    }
    for (const cell of this.#cells()) {
      const spot = this.#spots.get(cell);
      const known = spot && asked.has(spot.key) && this.#known.get(spot.key);
      if (spot && known) this.#draw(cell, spot, known);
    }
  }

  #draw(cell: HTMLElement, spot: Spot, known: Known): void {
    if (known.count < 2) return;
    const said = describe(known);
    cell.title = `${spot.title}\n${said}`;
    if (!known.points) return;
    let canvas = this.#canvases.get(cell);
    if (!canvas) {
      canvas = make("canvas", "ct-curve");
      canvas.setAttribute("role", "img");
      this.#canvases.set(cell, canvas);
    }
    canvas.setAttribute("aria-label", said);
    // on a colour scale a run's own colour may be lost
    const isShaded = cell.classList.contains("ct-shaded");
    const color = isShaded ? getComputedStyle(this.#scroll).color : known.color;
    drawCurve(canvas, known.drawn, color, spot.room);
    if (canvas.parentElement !== cell) cell.prepend(canvas);
  }
}

function metricOf(column: Column): string {
  return column.name.slice("metrics.".length);
}

function keyOf(id: string, column: Column): string {
  return `${id} ${metricOf(column)}`;
}
