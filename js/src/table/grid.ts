// The body of the run table: rows of one height, only those in sight in the page, recycled.
// The columns that tell a run from others stay at the left while the rest scrolls.
import { make, recycle } from "../dom";
import { isOurs } from "../keys";
import type { Selection } from "../selection";
import { withCurves } from "./curve_room";
import { type Answer, answerOf } from "./grid_keys";
import { type Drag, fillHeading, startDrag } from "./head";
import { drawItem, itemFiller, keyOf, openness, runsOf } from "./items";
import { columnsInSight, edges, fitting, ROW_HEIGHT, rowsInSight } from "./layout";
import { CHECK_WIDTH, drawGroups, drawRow, type Frame, fillRow, makeRow, turn } from "./rows";
import type { Shown, Wishes } from "./shown";
import { widthsOf } from "./widths";

const HEAD_HEIGHT = 28;
const CHART_HEIGHT = 24;
const GROUP_HEIGHT = 18;
const SCROLL_BAR = 12; // and the frame
const ROWS_SHOWN = 14;
const ALL_COLUMNS = 50; // up to so many are all drawn, and found by the browser's search
const EXTRA_ROWS = 6;
const PINNED_SHARE = 0.6; // of the width, so that the columns that scroll are to be seen

let grids = 0;

/** The grid as an element, and what changes it. */
export class Grid {
  readonly element = make("div", "ct-scroll");
  readonly #head = make("div", "ct-head");
  readonly #groups = make("div", "ct-groups");
  readonly #headRow = make("div", "ct-row ct-head-row");
  readonly #canvas = make("div", "ct-canvas");
  readonly #id = `celltrail-grid-${++grids}`;
  readonly #selection: Selection;
  readonly #wishes: Wishes;
  #shown: Shown | null = null;
  #widths: number[] = [];
  #edges: number[] = [0];
  #pinnedWidth = 0;
  #orderedIds: string[] | null = [];
  #version = 0;
  #first = 0;
  #stretching = false;
  readonly #drawn = new WeakMap<Element, string>();
  /** The cell that the keyboard is at; row −1 is the heading. */
  #active = { row: 0, column: 0 };

  constructor(selection: Selection, wishes: Wishes) {
    this.#selection = selection;
    this.#wishes = wishes;
    this.element.tabIndex = 0;
    this.element.setAttribute("role", "treegrid");
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
    this.element.addEventListener("pointerdown", (event) => this.#press(event));
    this.element.addEventListener("click", (event) => this.#click(event));
    this.element.addEventListener("dblclick", (event) => this.#open(event));
    this.element.addEventListener("contextmenu", (event) => this.#context(event));
    this.element.addEventListener("keydown", (event) => this.#key(event));
  }

  /** The ids of the runs in the order shown, made when asked for; "" for a group's line. */
  #ordered(): string[] {
    const shown = this.#shown;
    if (!shown) return [];
    this.#orderedIds ??= Array.from(shown.items.codes, (code) => shown.ids[code] ?? "");
    return this.#orderedIds;
  }

  /** Shows something else; measures again only what is new. */
  show(shown: Shown): void {
    const { items } = shown;
    const other = this.#shown?.items !== items;
    this.#shown = shown;
    if (other) this.#orderedIds = null;
    this.#active = {
      row: Math.min(this.#active.row, Math.max(0, items.codes.length - 1)),
      column: Math.min(this.#active.column, Math.max(0, shown.columns.length - 1)),
    };
    this.layout();
  }

  /** Lays the columns out; their widths are right once the element is in the page. */
  layout(): void {
    const shown = this.#shown;
    if (!shown) return;
    const count = shown.items.codes.length;
    const room = this.element.parentElement?.clientWidth || 800;
    const inside = room - CHECK_WIDTH - SCROLL_BAR;
    const { widths, rooms } = withCurves(shown, widthsOf(this.element, shown), inside);
    this.#widths = widths;
    shown.rooms = rooms;
    this.#wishes.curved(shown.columns.filter((_, i) => rooms[i]).map(({ name }) => name));
    shown.pinned = fitting(widths, shown.wanted, room * PINNED_SHARE - CHECK_WIDTH);
    this.#pinnedWidth = this.#widths.slice(0, shown.pinned).reduce((a, b) => a + b, CHECK_WIDTH);
    this.#edges = edges(this.#widths.slice(shown.pinned));
    const width = this.#pinnedWidth + (this.#edges.at(-1) ?? 0);
    this.#canvas.style.cssText = `height:${count * ROW_HEIGHT}px;width:${width}px`;
    this.#head.style.width = `${width}px`;
    const grouped = shown.columns.some((column) => column.group);
    this.#groups.style.display = grouped ? "" : "none";
    this.element.classList.toggle("ct-charts", shown.charts);
    const rows = Math.min(count, ROWS_SHOWN) + (count > ROWS_SHOWN ? 0.5 : 0);
    const head = this.#headHeight(grouped);
    // 14 for a horizontal scroll bar where there is one, which would cover the last row
    this.element.style.maxHeight = `${Math.round(rows * ROW_HEIGHT) + head + 14}px`;
    this.element.setAttribute("aria-rowcount", String(count + 1));
    this.element.setAttribute("aria-colcount", String(shown.columns.length));
    drawGroups(
      this.#groups,
      shown.columns.slice(shown.pinned).map((column) => column.group),
      this.#edges,
      this.#pinnedWidth,
    );
    this.refresh();
  }

  #headHeight(grouped: boolean): number {
    return HEAD_HEIGHT + (this.#shown?.charts ? CHART_HEIGHT : 0) + (grouped ? GROUP_HEIGHT : 0);
  }

  /** Draws what is in sight. */
  render(): void {
    const shown = this.#shown;
    if (!shown) return;
    const { scrollTop, scrollLeft, clientHeight, clientWidth } = this.element;
    this.element.classList.toggle("ct-scrolled", scrollLeft > 0);
    const room = Math.max(0, (clientWidth || 800) - this.#pinnedWidth);
    const all = shown.columns.length <= ALL_COLUMNS;
    const span = all
      ? { from: 0, to: shown.columns.length }
      : columnsInSight(this.#edges, scrollLeft, scrollLeft + room);
    const height = clientHeight || 420;
    const rows = rowsInSight(scrollTop, height, ROW_HEIGHT, shown.items.codes.length, EXTRA_ROWS);
    const [first, last] = [shown.pinned + span.from, shown.pinned + span.to];
    const frame: Frame = {
      columns: [...shown.columns.keys()].filter(
        (index) => index < shown.pinned || (index >= first && index < last),
      ),
      pinned: shown.pinned,
      gap: this.#edges[span.from] ?? 0,
      widths: this.#widths,
      first: (index) => shown.columns[index]?.group !== shown.columns[index - 1]?.group,
    };
    const part = `${first} ${last} ${this.#version}`;
    if (this.#drawn.get(this.#headRow) !== part) this.#renderHead(frame, shown);
    this.#drawn.set(this.#headRow, part);
    const count = rows.to - rows.from;
    recycle(this.#canvas, count, makeRow);
    turn(this.#canvas, rows.from - this.#first);
    this.#first = rows.from;
    for (let position = rows.from; position < rows.to; position++) {
      const element = this.#canvas.children[position - rows.from] as HTMLElement;
      const key = `${position} ${part}`;
      if (this.#drawn.get(element) !== key) this.#renderRow(element, position, frame, shown);
      this.#drawn.set(element, key);
    }
    const { row, column } = this.#active;
    const active = `${this.#id}-${row}-${column}`;
    // What is scrolled out of sight is not there, and of no rows none is.
    if (this.element.querySelector(`#${active}`)) {
      this.element.setAttribute("aria-activedescendant", active);
    } else this.element.removeAttribute("aria-activedescendant");
  }

  /** Draws everything anew after a change of the data, the order or the selection. */
  refresh(): void {
    this.#version++;
    this.render();
  }

  #renderRow(element: HTMLElement, position: number, frame: Frame, shown: Shown): void {
    drawItem(element, position, shown, (id) => this.#selection.has(id));
    const fill = itemFiller(position, shown);
    drawRow(element, frame, (cell, index) => {
      fill(cell, index);
      this.#place(cell, position, index);
    });
  }

  #renderHead(frame: Frame, shown: Shown): void {
    if (!this.#headRow.childElementCount) fillRow(this.#headRow);
    drawRow(this.#headRow, frame, (cell, index) => {
      const column = shown.columns[index];
      if (!column) return;
      fillHeading(cell, column, shown);
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

  /** Where in the table something is that was clicked. */
  #spot(event: Event) {
    const target = event.target as HTMLElement;
    const cell = target.closest<HTMLElement>(".ct-cell");
    const row = target.closest<HTMLElement>(".ct-row");
    const index = cell?.dataset.column;
    const column = index === undefined ? undefined : this.#shown?.columns[Number(index)];
    const heading = row === this.#headRow;
    return { target, cell, row, column, heading, position: Number(row?.dataset.position ?? -1) };
  }

  #press(event: PointerEvent): void {
    const { target, cell, column, heading } = this.#spot(event);
    if (!heading || !cell || !column || event.button !== 0 || !this.#shown) return;
    this.element.focus({ preventScroll: true }); // what follows keeps it from happening by itself
    const heads = [...this.#headRow.querySelectorAll<HTMLElement>(".ct-heading")];
    const drag: Drag = { column, cell, target, heads, shown: this.#shown };
    startDrag(event, drag, this.#wishes);
  }

  #click(event: MouseEvent): void {
    const { target, cell, column, heading, position } = this.#spot(event);
    const shown = this.#shown;
    if (!shown || !cell) return;
    if (heading) {
      if (target.closest(".ct-menu-button") && column) this.#wishes.menu(column.name, cell);
      else if (target.closest(".ct-grip, .ct-chart")) return;
      else if (column) this.#wishes.sort(column.name, event.shiftKey);
      else this.#selectEvery();
      return;
    }
    if (position < 0) return;
    const check = cell.classList.contains("ct-check");
    if (column) this.#active = { row: position, column: Number(cell.dataset.column) };
    this.#stretching = true; // Shift and an arrow go on from the click
    if (target.closest(".ct-twisty")) {
      this.toggle(position);
      return;
    }
    if ((shown.items.codes[position] ?? 0) < 0) {
      if (check) this.#selectGroup(position);
      else this.toggle(position);
      return;
    }
    const toggle = event.ctrlKey || event.metaKey || check;
    this.#select(() =>
      this.#selection.pick(this.#ordered(), position, { shift: event.shiftKey, toggle }),
    );
  }

  #open(event: MouseEvent): void {
    const { heading, position } = this.#spot(event);
    const id = this.#ordered()[position];
    if (heading || !id) return;
    window.getSelection()?.removeAllRanges(); // the second click chose a word
    this.#wishes.details(id);
  }

  #context(event: MouseEvent): void {
    const { cell, column, heading } = this.#spot(event);
    if (!heading || !cell || !column) return;
    event.preventDefault();
    event.stopPropagation();
    this.#wishes.menu(column.name, cell);
  }

  /** Opens or closes what stands below an item. */
  toggle(position: number): void {
    const key = this.#shown && keyOf(position, this.#shown);
    if (key) this.#wishes.toggle(key);
  }

  #selectGroup(position: number): void {
    const ids = this.#shown ? runsOf(position, this.#shown) : [];
    this.#select(() => this.#selection.toggleAll(ids));
  }

  #selectEvery(orNone = true): void {
    const shown = this.#shown;
    if (!shown) return;
    const ids = [...new Set([...shown.items.codes.keys()].flatMap((at) => runsOf(at, shown)))];
    const every = ids.length > 0 && ids.every((id) => this.#selection.has(id));
    this.#select(() => {
      if (every && orNone) this.#selection.clear();
      else this.#selection.all(ids);
    });
  }

  #select(change: () => void): void {
    change();
    this.refresh();
    this.#wishes.select();
  }

  #key(event: KeyboardEvent): void {
    if (!isOurs(event)) return;
    const shown = this.#shown;
    const answer =
      shown &&
      answerOf(event, {
        ...this.#active,
        rows: shown.items.codes.length,
        columns: shown.columns.length,
        page: Math.max(1, Math.floor(this.element.clientHeight / ROW_HEIGHT) - 3),
        expandable: openness(this.#active.row, shown),
      });
    if (answer) {
      this.#do(answer);
      event.preventDefault();
    }
    event.stopPropagation();
  }

  #do(answer: Answer): void {
    const { row, column } = this.#active;
    const name = this.#shown?.columns[column]?.name;
    switch (answer.kind) {
      case "move":
        this.#move(answer.row, answer.column, answer.extend);
        return;
      case "toggle":
        this.toggle(row);
        return;
      case "sort":
        if (name) this.#wishes.sort(name, answer.more);
        return;
      case "menu": {
        const cell = this.#headRow.querySelector<HTMLElement>(`[data-column="${column}"]`);
        if (name && cell) this.#wishes.menu(name, cell);
        return;
      }
      case "pick":
        if ((this.#shown?.items.codes[row] ?? 0) < 0) this.#selectGroup(row);
        else
          this.#select(() =>
            this.#selection.pick(this.#ordered(), row, { toggle: true, shift: answer.extend }),
          );
        return;
      case "details": {
        const id = this.#ordered()[row];
        if (id) this.#wishes.details(id);
        else this.toggle(row);
        return;
      }
      case "all":
        this.#selectEvery(false);
        return;
      case "none":
        this.#select(() => this.#selection.clear());
    }
  }

  /** Moves the keyboard's cell, scrolls it into sight, and with shift selects on the way. */
  #move(row: number, column: number, extend: boolean): void {
    const before = this.#active.row;
    this.#active = { row, column };
    this.#scrollToActive();
    const goesOn = this.#stretching;
    this.#stretching = extend && row >= 0 && before >= 0;
    if (this.#stretching) {
      // a range begins where the keyboard is
      if (!goesOn) this.#selection.pick(this.#ordered(), before);
      this.#select(() => this.#selection.pick(this.#ordered(), row, { shift: true }));
    } else {
      this.refresh();
    }
  }

  #scrollToActive(): void {
    const { row, column } = this.#active;
    const pinned = this.#shown?.pinned ?? 0;
    const box = this.element;
    const height = box.clientHeight - this.#head.offsetHeight;
    if (row >= 0) {
      const top = row * ROW_HEIGHT;
      if (top < box.scrollTop) box.scrollTop = top;
      else if (top + ROW_HEIGHT > box.scrollTop + height) box.scrollTop = top + ROW_HEIGHT - height;
    }
    if (column >= pinned) {
      const left = this.#edges[column - pinned] ?? 0;
      const right = this.#edges[column - pinned + 1] ?? left;
      const room = box.clientWidth - this.#pinnedWidth;
      if (left < box.scrollLeft) box.scrollLeft = left;
      else if (right > box.scrollLeft + room) box.scrollLeft = right - room;
    }
  }
}
