// All that the run table knows, as signals: what Python sent, what was chosen, what follows.

import type { Column } from "../columns";
import { matches } from "../filter/evaluate";
import {
  FilterError,
  parseFilter,
  parseOrder,
  type Sort,
  withZones,
  writeOrder,
} from "../filter/parse";
import { type Node, write } from "../filter/tree";
import { batch, computed, type ReadonlySignal, type Signal, signal } from "../signals";
import { nextSort, sortedRows } from "../sort";
import {
  arranged,
  type Columns,
  childCounts,
  grouped,
  type Items,
  nested,
  rowsOf,
  shortOrder,
  visibleColumns,
} from "./view";

/** What Python keeps as well: every change of it goes both ways. */
export interface Traits {
  selected_ids: string[];
  where: string;
  order_by: string;
  hidden: string[];
  shown: string[];
  pinned: string[];
  column_order: string[];
  column_widths: Record<string, number>;
  only_differences: boolean;
  group_by: string[];
  baseline: string;
  coloured: string[];
  curves: Record<string, boolean>;
}

export interface Data {
  ids: string[];
  columns: Columns;
  /** For each row that of its parent, or −1. */
  parents: Int32Array | null;
  /** Of so many runs that not all are here: how many there are, and how many match. */
  beyond: number[];
}

export interface Model<T> {
  get<K extends keyof T & string>(name: K): T[K];
  set<K extends keyof T & string>(name: K, value: T[K]): void;
  save_changes(): void;
  send(message: unknown): void;
  on(event: string, callback: () => void): void;
  off(event: string, callback: () => void): void;
}

export interface Problem {
  text: string;
  position: number | null;
}

type Sources = { [K in keyof Traits]: Signal<Traits[K]> };

const NAMES = [
  "selected_ids",
  "where",
  "order_by",
  "hidden",
  "shown",
  "pinned",
  "column_order",
  "column_widths",
  "only_differences",
  "group_by",
  "baseline",
  "coloured",
  "curves",
] as const satisfies readonly (keyof Traits)[];

function problemOf(error: unknown): Problem {
  if (error instanceof FilterError) return { text: error.message, position: error.position };
  return { text: error instanceof Error ? error.message : String(error), position: null };
}

/** Reads a filter, where there is one. */
export function readFilter(text: string): { tree: Node | null; problem: Problem | null } {
  try {
    return { tree: text.trim() ? parseFilter(text) : null, problem: null };
  } catch (error) {
    return { tree: null, problem: problemOf(error) };
  }
}

export class TableState {
  readonly data: Signal<Data>;
  /** What stands in the filter's box, which may not be readable yet. */
  readonly draft: Signal<string>;
  /** Parents and groups whose members are shown, by id or key. */
  readonly open = signal<ReadonlySet<string>>(new Set());
  /** Whether there is a kernel that hears of changes. */
  readonly connected = signal(true);
  /** The columns in which there is room for curves, as they are laid out now. */
  readonly curved = signal<ReadonlySet<string>>(new Set());
  readonly #model: Model<Traits>;
  readonly #traits: Sources;
  readonly #forget: () => void;

  /** The filter's tree and what is wrong with it, of the text in force. */
  readonly filter: ReadonlySignal<{
    tree: Node | null;
    mask: Uint8Array | null;
    problem: Problem | null;
  }>;
  readonly rows: ReadonlySignal<Uint32Array>;
  readonly sorts: ReadonlySignal<Sort[]>;
  readonly items: ReadonlySignal<Items>;
  readonly children: ReadonlySignal<Map<number, number>>;
  readonly visible: ReadonlySignal<{ columns: Column[]; pinned: number }>;
  readonly grouping: ReadonlySignal<string[]>;

  constructor(model: Model<Traits>, data: Data) {
    this.#model = model;
    this.data = signal(data);
    const traits: Partial<Record<keyof Traits, Signal<unknown>>> = {};
    const stops: (() => void)[] = [];
    for (const name of NAMES) {
      const source = signal<unknown>(model.get(name));
      const follow = () => {
        source.value = model.get(name);
        const where = model.get("where");
        // what is being typed may end in a space
        if (name === "where" && this.draft.value.trim() !== where) this.draft.value = where;
      };
      model.on(`change:${name}`, follow);
      stops.push(() => model.off(`change:${name}`, follow));
      traits[name] = source;
    }
    this.#traits = traits as Sources;
    this.#forget = () => {
      for (const stop of stops) stop();
    };
    this.draft = signal(model.get("where"));

    this.filter = computed(() => this.#filtered(this.#traits.where.value));
    this.rows = computed(() => rowsOf(this.filter.value.mask, this.data.value.ids.length));
    this.sorts = computed(() => {
      try {
        return this.#traits.order_by.value.trim() ? parseOrder(this.#traits.order_by.value) : [];
      } catch {
        return []; // Python checks it; only another front end's version could write this
      }
    });
    this.grouping = computed(() =>
      this.#traits.group_by.value.filter((name) => this.data.value.columns.has(name)),
    );
    this.children = computed(() => childCounts(this.rows.value, this.data.value.parents));
    this.items = computed(() => this.#items());
    this.visible = computed(() => {
      const { hidden, shown, pinned, column_order, only_differences } = this.#traits;
      const layout = {
        hidden: hidden.value,
        shown: shown.value,
        pinned: pinned.value,
        order: column_order.value,
        onlyDifferences: only_differences.value,
      };
      return visibleColumns(this.data.value.columns, layout, this.rows.value);
    });
  }

  /** A trait's value, to which effects and computed signals answer. */
  get<K extends keyof Traits>(name: K): Traits[K] {
    return this.#traits[name].value;
  }

  /** Changes traits together, here and in Python. */
  set(values: Partial<Traits>): void {
    batch(() => {
      for (const [name, value] of Object.entries(values) as [keyof Traits, never][]) {
        this.#model.set(name, value);
        this.#traits[name].value = value;
      }
    });
    if (this.look()) this.#model.save_changes();
  }

  /** Looks whether there is a kernel: a front end does not say when it goes, but cannot send. */
  look(): boolean {
    let connected = true;
    try {
      this.#model.send({ kind: "seen" });
    } catch {
      connected = false;
    }
    this.connected.value = connected;
    return connected;
  }

  dispose(): void {
    this.#forget();
  }

  #filtered(text: string) {
    const { tree, problem } = readFilter(text);
    if (!tree) return { tree, mask: null, problem };
    const { columns, ids } = this.data.value;
    try {
      return { tree, mask: matches(tree, columns, ids.length), problem: null };
    } catch (error) {
      return { tree, mask: null, problem: problemOf(error) };
    }
  }

  #items(): Items {
    const { columns, ids, parents } = this.data.value;
    const order = sortedRows(columns, this.rows.value, ids.length, this.sorts.value);
    const open = this.open.value;
    if (this.grouping.value.length) {
      return grouped(order, columns, this.grouping.value, this.sorts.value, (key) => open.has(key));
    }
    return nested(order, parents, (row) => open.has(ids[row] ?? ""));
  }

  /** Takes what was typed as the filter, if it can be read and fits the runs. */
  type(text: string): void {
    this.draft.value = text;
    if (this.draftProblem(text)) return;
    const { columns } = this.data.value;
    const zoned = withZones(text, (name) => columns.get(name)?.kind === "time");
    if (zoned !== text) this.draft.value = zoned;
    this.set({ where: zoned.trim() });
  }

  /** Says what is wrong with a filter. */
  draftProblem(text: string): Problem | null {
    return this.#filtered(text).problem;
  }

  /** Sets the filter from a tree. */
  filterBy(tree: Node | null): void {
    const where = tree ? write(tree) : "";
    if (this.draftProblem(where)) return;
    batch(() => {
      this.draft.value = where;
      this.set({ where });
    });
  }

  /** Sorts by a column as a click on its heading does; `more` keeps the other columns. */
  toggleSort(column: string, more: boolean): void {
    this.set({ order_by: writeOrder(nextSort(this.sorts.value, column, more)) });
  }

  sortBy(sorts: Sort[]): void {
    this.set({ order_by: writeOrder(sorts) });
  }

  /** Opens or closes a parent or a group. */
  toggle(key: string): void {
    const open = new Set(this.open.value);
    if (!open.delete(key)) open.add(key);
    this.open.value = open;
  }

  hide(name: string): void {
    this.set({
      hidden: [...this.get("hidden").filter((one) => one !== name), name],
      shown: this.get("shown").filter((one) => one !== name),
    });
  }

  show(name: string): void {
    const column = this.data.value.columns.get(name);
    const asked = this.get("shown").filter((one) => one !== name);
    this.set({
      hidden: this.get("hidden").filter((one) => one !== name),
      shown: column?.blank ? [...asked, name] : asked,
    });
  }

  pin(name: string, pinned: boolean): void {
    const others = this.get("pinned").filter((one) => one !== name);
    this.set({ pinned: pinned ? [...others, name] : others });
  }

  /** Puts a column before another one, or at the end. */
  move(name: string, before: string | null): void {
    const { columns } = this.data.value;
    const layout = { pinned: this.get("pinned"), order: this.get("column_order") };
    const [pinned = [], rest = []] = arranged(columns, layout);
    const put = (names: string[], place: number) => names.toSpliced(place, 0, name);
    const fixed = pinned.filter((one) => one !== name);
    const others = rest.filter((one) => one !== name);
    const joins = before !== null && fixed.includes(before);
    const place = before === null ? others.length : others.indexOf(before);
    this.set({
      pinned: joins ? put(fixed, fixed.indexOf(before)) : fixed,
      column_order: shortOrder(columns, joins ? others : put(others, place)),
    });
  }

  resize(name: string, width: number | null): void {
    const { [name]: _old, ...others } = this.get("column_widths");
    this.set({ column_widths: width === null ? others : { ...others, [name]: Math.round(width) } });
  }

  /** Shows the runs as they were given. */
  reset(): void {
    this.open.value = new Set();
    this.draft.value = "";
    this.set({
      where: "",
      order_by: "",
      hidden: [],
      shown: [],
      pinned: ["number", "name"],
      column_order: [],
      column_widths: {},
      only_differences: false,
      group_by: [],
      baseline: "",
      coloured: [],
      curves: {},
    });
  }

  /** Shows the curves of some columns, in columns as wide as that needs; or no curves. */
  showCurves(names: readonly string[], on: boolean): void {
    const widths = { ...this.get("column_widths") };
    if (on) for (const name of names) delete widths[name];
    const chosen = Object.fromEntries(names.map((name) => [name, on]));
    this.set({ curves: { ...this.get("curves"), ...chosen }, column_widths: widths });
  }

  groupBy(name: string, on: boolean): void {
    const others = this.get("group_by").filter((one) => one !== name);
    this.set({ group_by: on ? [...others, name] : others });
  }
}
