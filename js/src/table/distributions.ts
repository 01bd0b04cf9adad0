// How the values of columns lie, found beside everything else: first the rows are to be seen.
import type { Column } from "../columns";
import { type Categories, distribution, type Histogram } from "./spread";

type Found = Histogram | Categories | null;

const SLICE = 8; // milliseconds of work before the page has its turn

/** Finds distributions a few at a time, and says when there are new ones. */
export class Distributions {
  readonly #found = new WeakMap<Uint32Array, Map<Column, Found>>();
  readonly #changed: () => void;
  #wanted = new Set<Column>();
  #rows: Uint32Array | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Gives a column's distribution in these rows, or null and finds it soon. */
  get(column: Column, rows: Uint32Array): Found {
    const known = this.#found.get(rows)?.get(column);
    if (known !== undefined) return known;
    if (this.#rows !== rows) this.#wanted = new Set();
    this.#rows = rows;
    this.#wanted.add(column);
    this.#timer ??= setTimeout(() => this.#work());
    return null;
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }

  #work(): void {
    this.#timer = undefined;
    const rows = this.#rows;
    if (!rows) return;
    const found = this.#found.get(rows) ?? new Map<Column, Found>();
    this.#found.set(rows, found);
    const end = performance.now() + SLICE;
    for (const column of this.#wanted) {
      found.set(column, distribution(column, rows));
      this.#wanted.delete(column);
      if (performance.now() > end) break;
    }
    if (this.#wanted.size) this.#timer = setTimeout(() => this.#work());
    this.#changed();
  }
}
