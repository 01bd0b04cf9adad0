// What the grid is given to show, and what it asks for.
import type { Column } from "../columns";
import type { Sort } from "../filter/parse";
import type { Looks } from "./cells";
import type { Categories, Histogram } from "./spread";
import type { Items } from "./view";

/** All that the grid shows; it keeps nothing of its own but where the keyboard and eye are. */
export interface Shown {
  ids: string[];
  columns: Column[];
  /** How many columns are to stay at the left, and how many do. */
  wanted: number;
  pinned: number;
  items: Items;
  sorts: Sort[];
  children: ReadonlyMap<number, number>;
  isOpen(key: string): boolean;
  looks: Looks;
  widths: Record<string, number>;
  /** Where curves were switched on or off, and the room that each column has for one. */
  curves: Record<string, boolean>;
  rooms: number[];
  grouped: boolean;
  /** Whether headings show how the values lie. */
  charts: boolean;
  distribution(column: Column): Histogram | Categories | null;
}

/** What the grid asks for. */
export interface Wishes {
  sort(name: string, more: boolean): void;
  select(): void;
  toggle(key: string): void;
  menu(name: string, anchor: HTMLElement): void;
  resize(name: string, width: number | null): void;
  move(name: string, before: string | null): void;
  brush(name: string, low: number, high: number): void;
  details(id: string): void;
  /** Says in which columns there is room for curves. */
  curved(names: string[]): void;
}
