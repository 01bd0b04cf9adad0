// The body of the run table: rows of one height, only those in sight in the page, recycled.
// Two columns of the run's identity stay at the left while the others scroll.
import { fillCell } from "./cells";
import { type Column, cellText } from "./columns";
import { make, measurer, recycle } from "./dom";
import { isOurs } from "./keys";
import { columnsInSight, columnWidth, edges, rowsInSight } from "./layout";
import { CHECK_WIDTH, drawGroups, drawRow, type Frame, fillRow, makeRow } from "./rows";
import type { Selection } from "./selection";
import { nextSort, type Sort, sortedRows } from "./sort";

export const ROW_HEIGHT = 28;
const HEAD_HEIGHT = 28;
const GROUP_HEIGHT = 18;
const ROWS_SHOWN = 14;
const SAMPLE = 400;
const ALL_COLUMNS = 50; // up to so many are all drawn, and found by the browser's search
const EXTRA_ROWS = 6;
const ARROW = 15; // room for the sign of the sort, so that sorting moves no column
const PINNED = new Set(["number", "name"]);
const WIDTHS = { min: 52, max: 260, padding: 22 };

let grids = 0;

/** The grid as an element, its state, and what changes it. */
export class Grid {
  readonly element = make("div", "ct-scroll");
  readonly #head = make("div", "ct-head");
  readonly #groups = make("div", "ct-groups");
  readonly #headRow = make("div", "ct-row ct-head-row");
  readonly #canvas = make("div", "ct-canvas");
  readonly #id = `celltrail-grid-${++grids}`;
  readonly #selection: Selection;
  readonly #onSelect: () => void;
  #ids: string[] = [];
  #columns: Column[] = [];
  #pinned = 0;
  #widths: number[] = [];
  #edges: number[] = [0];
  #pinnedWidth = 0;
  #order: Uint32Array = new Uint32Array();
  #orderedIds: string[] = [];
  #sort: Sort | null = null;
  #version = 0;
  readonly #drawn = new WeakMap<Element, string>();
  /** The cell that the keyboard is at; row −1 is the heading. */
  #active = { row: 0, column: 0 };

  constructor(selection: Selection, onSelect: () => void) {
    this.#selection = selection;
    this.#onSelect = onSelect;
    this.element.tabIndex = 0;
    this.element.setAttribute("role", "grid");
    this.element.setAttribute("aria-multiselectable", "true");
    this.element.setAttribute("aria-label", "Runs");
    this.#headRow.setAttribute("role", "row");
    this.#headRow.setAttribute("aria-rowindex", "1");
    this.#head.append(this.#groups, this.#headRow);
    this.element.append(this.#head, this.#canvas);
    this.element.addEventListener("scroll", () => this.render(), { passive: true });
    this.element.addEventListener("mousedown", (event) => {
      if (event.shiftKey) event.preventDefault(); // a range of rows, not of text
    });
    this.element.addEventListener("click", (event) => this.#click(event));
    this.element.addEventListener("keydown", (event) => this.#key(event));
  }

  get sort(): Sort | null {
    return this.#sort;
  }

  /** Shows other runs. The sort stays when its column does. */
  setData(ids: string[], columns: Column[]): void {
    this.#ids = ids;
    const pinned = columns.filter((column) => PINNED.has(column.name));
    this.#columns = [...pinned, ...columns.filter((column) => !PINNED.has(column.name))];
    this.#pinned = pinned.length;
    this.#active = { row: 0, column: 0 };
    this.#reorder();
    this.layout();
  }

  /** Measures the columns anew, which needs the element to be in the page. */
  layout(): void {
    const measure = measurer(this.element);
    const measureHeading = measurer(this.element, "600");
    const every = Math.max(1, Math.floor(this.#ids.length / SAMPLE));
    this.#widths = this.#columns.map((column) => {
      const texts: string[] = [];
      for (let row = 0; row < this.#ids.length; row += every) texts.push(cellText(column, row));
      const extra = column.name === "status" ? 14 : column.name === "tags" ? 24 : 0;
      return columnWidth(measureHeading(column.label) + ARROW, texts, measure, {
        ...WIDTHS,
        padding: WIDTHS.padding + extra,
      });
    });
    this.#pinnedWidth = this.#widths.slice(0, this.#pinned).reduce((a, b) => a + b, CHECK_WIDTH);
    this.#edges = edges(this.#widths.slice(this.#pinned));
    const width = this.#pinnedWidth + (this.#edges.at(-1) ?? 0);
    this.#canvas.style.cssText = `height:${this.#ids.length * ROW_HEIGHT}px;width:${width}px`;
    this.#head.style.width = `${width}px`;
    const grouped = this.#columns.some((column) => column.group);
    this.#groups.style.display = grouped ? "" : "none";
    const shown =
      Math.min(this.#ids.length, ROWS_SHOWN) + (this.#ids.length > ROWS_SHOWN ? 0.5 : 0);
    const head = HEAD_HEIGHT + (grouped ? GROUP_HEIGHT : 0);
    // 14 for a horizontal scroll bar where there is one, which would cover the last row
    this.element.style.maxHeight = `${Math.round(shown * ROW_HEIGHT) + head + 14}px`;
    this.element.setAttribute("aria-rowcount", String(this.#ids.length + 1));
    this.element.setAttribute("aria-colcount", String(this.#columns.length));
    drawGroups(
      this.#groups,
      this.#columns.slice(this.#pinned).map((column) => column.group),
      this.#edges,
      this.#pinnedWidth,
    );
    this.refresh();
  }

  /** Draws what is in sight. */
  render(): void {
    const { scrollTop, scrollLeft, clientHeight, clientWidth } = this.element;
    this.element.classList.toggle("ct-scrolled", scrollLeft > 0);
    const room = Math.max(0, (clientWidth || 800) - this.#pinnedWidth);
    const all = this.#columns.length <= ALL_COLUMNS;
    const span = all
      ? { from: 0, to: this.#columns.length }
      : columnsInSight(this.#edges, scrollLeft, scrollLeft + room);
    const rows = rowsInSight(
      scrollTop,
      clientHeight || 420,
      ROW_HEIGHT,
      this.#ids.length,
      EXTRA_ROWS,
    );
    const [first, last] = [this.#pinned + span.from, this.#pinned + span.to];
    const frame: Frame = {
      columns: [...this.#columns.keys()].filter(
        (index) => index < this.#pinned || (index >= first && index < last),
      ),
      pinned: this.#pinned,
      gap: this.#edges[span.from] ?? 0,
      widths: this.#widths,
      first: (index) => this.#columns[index]?.group !== this.#columns[index - 1]?.group,
    };
    this.#renderHead(frame);
    const count = rows.to - rows.from;
    recycle(this.#canvas, count, makeRow);
    for (let position = rows.from; position < rows.to; position++) {
      // a row keeps its element while it stays in sight: scrolling draws only the new ones
      const element = this.#canvas.children[position % count] as HTMLElement;
      const key = `${position} ${first} ${last} ${this.#version}`;
      if (this.#drawn.get(element) !== key) this.#renderRow(element, position, frame);
      this.#drawn.set(element, key);
    }
    const { row, column } = this.#active;
    this.element.setAttribute("aria-activedescendant", `${this.#id}-${row}-${column}`);
  }

  /** Draws everything anew after a change of the data, the order or the selection. */
  refresh(): void {
    this.#version++;
    this.render();
  }

  #renderRow(element: HTMLElement, position: number, frame: Frame): void {
    const row = this.#order[position] ?? 0;
    const selected = this.#selection.has(this.#ids[row] ?? "");
    element.style.transform = `translateY(${position * ROW_HEIGHT}px)`;
    element.dataset.position = String(position);
    element.classList.toggle("ct-selected", selected);
    element.setAttribute("aria-selected", String(selected));
    element.setAttribute("aria-rowindex", String(position + 2));
    drawRow(element, frame, (cell, index) => {
      const column = this.#columns[index];
      if (column) fillCell(cell, column, row);
      cell.setAttribute("role", "gridcell");
      this.#place(cell, position, index);
    });
  }

  #renderHead(frame: Frame): void {
    if (!this.#headRow.childElementCount) fillRow(this.#headRow);
    drawRow(this.#headRow, frame, (cell, index) => {
      const column = this.#columns[index];
      if (!column) return;
      const sorted = this.#sort?.column === column.name;
      const direction = this.#sort?.descending ? "descending" : "ascending";
      cell.className = `ct-cell ct-heading${column.numeric ? " ct-number" : ""}`;
      cell.title = column.name;
      const arrow = make("span", "ct-arrow", this.#sort?.descending ? "\u2193" : "\u2191");
      cell.replaceChildren(make("span", "ct-label", column.label), ...(sorted ? [arrow] : []));
      cell.setAttribute("role", "columnheader");
      cell.setAttribute("aria-sort", sorted ? direction : "none");
      this.#place(cell, -1, index);
    });
  }

  #place(cell: HTMLElement, row: number, column: number): void {
    cell.dataset.column = String(column);
    cell.id = `${this.#id}-${row}-${column}`;
    cell.setAttribute("aria-colindex", String(column + 1));
    const active = this.#active.row === row && this.#active.column === column;
    cell.classList.toggle("ct-active", active);
  }

  #reorder(): void {
    this.#order = sortedRows(this.#columns, this.#ids.length, this.#sort);
    this.#orderedIds = Array.from(this.#order, (row) => this.#ids[row] ?? "");
  }

  /** Sorts by a column as a click on its heading does. */
  toggleSort(index: number): void {
    const column = this.#columns[index];
    if (!column) return;
    this.#sort = nextSort(this.#sort, column.name);
    this.#reorder();
    this.element.scrollTop = 0;
    this.refresh();
  }

  #click(event: MouseEvent): void {
    const target = event.target as HTMLElement;
    const cell = target.closest<HTMLElement>(".ct-cell");
    const row = target.closest<HTMLElement>(".ct-row");
    if (!row || !cell) return;
    const column = Number(cell.dataset.column ?? 0);
    if (row === this.#headRow) {
      const all = this.#selection.size === this.#ids.length;
      if (cell.dataset.column !== undefined) this.toggleSort(column);
      else this.#select(() => (all ? this.#selection.clear() : this.#selection.all(this.#ids)));
      return;
    }
    const position = Number(row.dataset.position);
    const check = cell.classList.contains("ct-check");
    this.#active = { row: position, column };
    const toggle = event.ctrlKey || event.metaKey || check;
    this.#select(() =>
      this.#selection.pick(this.#orderedIds, position, { shift: event.shiftKey, toggle }),
    );
  }

  #select(change: () => void): void {
    change();
    this.refresh();
    this.#onSelect();
  }

  #key(event: KeyboardEvent): void {
    if (!isOurs(event)) return;
    if (this.#handle(event)) event.preventDefault();
    event.stopPropagation();
  }

  #handle(event: KeyboardEvent): boolean {
    const page = Math.max(1, Math.floor(this.element.clientHeight / ROW_HEIGHT) - 2);
    const { row, column } = this.#active;
    const last = this.#ids.length - 1;
    const ctrl = event.ctrlKey || event.metaKey;
    const moves: Record<string, [number, number]> = {
      ArrowDown: [row + 1, column],
      ArrowUp: [row - 1, column],
      ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1],
      PageDown: [row + page, column],
      PageUp: [Math.max(0, row - page), column],
      Home: ctrl ? [0, column] : [row, 0],
      End: ctrl ? [last, column] : [row, this.#columns.length - 1],
    };
    const move = moves[event.key];
    if (move) {
      this.#move(move[0], move[1], event.shiftKey);
      return true;
    }
    if (event.key === " " || event.key === "Enter") {
      if (row < 0) this.toggleSort(column);
      else
        this.#select(() =>
          this.#selection.pick(this.#orderedIds, row, { toggle: true, shift: event.shiftKey }),
        );
      return true;
    }
    if (event.key === "a" && ctrl) {
      this.#select(() => this.#selection.all(this.#ids));
      return true;
    }
    if (event.key === "Escape" && this.#selection.size) {
      this.#select(() => this.#selection.clear());
      return true;
    }
    return false;
  }

  /** Moves the keyboard's cell, scrolls it into sight, and with shift selects on the way. */
  #move(row: number, column: number, extend: boolean): void {
    const before = this.#active.row;
    this.#active = {
      row: Math.min(this.#ids.length - 1, Math.max(-1, row)),
      column: Math.min(this.#columns.length - 1, Math.max(0, column)),
    };
    this.#scrollToActive();
    if (extend && this.#active.row >= 0 && before >= 0) {
      if (!this.#selection.size) this.#selection.pick(this.#orderedIds, before);
      this.#select(() => this.#selection.pick(this.#orderedIds, this.#active.row, { shift: true }));
    } else {
      this.refresh();
    }
  }

  #scrollToActive(): void {
    const { row, column } = this.#active;
    const box = this.element;
    const height = box.clientHeight - this.#head.offsetHeight;
    if (row >= 0) {
      const top = row * ROW_HEIGHT;
      if (top < box.scrollTop) box.scrollTop = top;
      else if (top + ROW_HEIGHT > box.scrollTop + height) box.scrollTop = top + ROW_HEIGHT - height;
    }
    if (column >= this.#pinned) {
      const left = this.#edges[column - this.#pinned] ?? 0;
      const right = this.#edges[column - this.#pinned + 1] ?? left;
      const room = box.clientWidth - this.#pinnedWidth;
      if (left < box.scrollLeft) box.scrollLeft = left;
      else if (right > box.scrollLeft + room) box.scrollLeft = right - room;
    }
  }
}
