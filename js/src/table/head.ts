// The headings: sort, menu, how the values lie, and what dragging does there.
import type { Column } from "../columns";
import { make } from "../dom";
import { formatAs, formatDuration, formatNumber, formatTime } from "../format";
import type { Shown, Wishes } from "./shown";
import type { Categories, Histogram } from "./spread";

const PLAIN = new Set(["number", "name", "tags", "note", "id"]);

/** Fills a recycled heading. */
export function fillHeading(cell: HTMLElement, column: Column, shown: Shown): void {
  const place = shown.sorts.findIndex((sort) => sort.column === column.name);
  const sort = shown.sorts[place];
  cell.className = `ct-cell ct-heading${column.numeric ? " ct-number" : ""}`;
  const better = column.lower === undefined ? "" : `, ${column.lower ? "less" : "more"} is better`;
  cell.title = column.name + better;
  cell.setAttribute("role", "columnheader");
  const direction = sort?.descending ? "descending" : "ascending";
  cell.setAttribute("aria-sort", sort ? direction : "none");
  const label = make("span", "ct-label", column.label);
  if (column.unit) label.append(make("span", "ct-unit", column.unit));
  const parts: HTMLElement[] = [label];
  if (sort) {
    const arrow = make("span", "ct-arrow", sort.descending ? "\u2193" : "\u2191");
    if (shown.sorts.length > 1) arrow.append(make("sub", "", String(place + 1)));
    parts.push(arrow);
  }
  const menu = make("button", "ct-menu-button", "\u22ee");
  menu.type = "button";
  menu.tabIndex = -1;
  menu.setAttribute("aria-label", `Menu of ${column.name}`);
  const line = make("div", "ct-head-line");
  line.append(...parts, menu);
  cell.replaceChildren(line, make("span", "ct-grip"));
  if (!shown.charts) return;
  const chart = make("div", "ct-chart");
  // what tells runs from each other is another value in each
  if (PLAIN.has(column.name)) return;
  const found = shown.distribution(column);
  if (found?.kind === "numbers") drawHistogram(chart, column, found);
  else if (found) drawCategories(chart, found, column.name === "status");
  cell.append(chart);
}

/** Writes a number as the column's cells do. */
export function writeNumber(column: Column, value: number): string {
  if (column.kind === "duration") return formatDuration(value);
  if (column.kind === "time") return formatTime(BigInt(Math.round(value)));
  if (column.format) return formatAs(value, column.format);
  if (column.kind === "integer" && Number.isSafeInteger(value)) return formatNumber(value, 0);
  return formatNumber(value);
}

function drawHistogram(chart: HTMLElement, column: Column, found: Histogram): void {
  if (found.min === found.max) {
    chart.append(make("span", "ct-distinct", `all ${writeNumber(column, found.min)}`));
    return;
  }
  const most = Math.max(...found.counts);
  chart.classList.add("ct-bars");
  found.counts.forEach((count) => {
    const bar = make("span", "");
    bar.style.height = count ? `${Math.max(8, (100 * count) / most)}%` : "0";
    chart.append(bar);
  });
  const ends = `${writeNumber(column, found.min)} \u2026 ${writeNumber(column, found.max)}`;
  const rest = found.outside ? `, ${found.outside.toLocaleString("en-US")} without a number` : "";
  chart.title = `${ends}${rest}. Drag to choose a range.`;
  chart.dataset.min = String(found.min);
  chart.dataset.max = String(found.max);
}

function drawCategories(chart: HTMLElement, found: Categories, isStatus: boolean): void {
  const total = found.top.reduce((sum, { count }) => sum + count, 0) + found.otherCount;
  if (!total) return;
  chart.classList.add("ct-shares");
  const kinds = found.top.length + found.others;
  // each value in its own run says only that; a bar of slivers would say no more
  if (kinds === total && total > 8) {
    chart.append(make("span", "ct-distinct", `${kinds.toLocaleString("en-US")} values`));
    return;
  }
  for (const { count, text } of found.top) {
    const share = make("span", "");
    if (isStatus) share.dataset.status = text;
    share.style.flexGrow = String(count);
    chart.append(share);
  }
  if (found.otherCount) {
    const share = make("span", "ct-others");
    share.style.flexGrow = String(found.otherCount);
    chart.append(share);
  }
  const lines = found.top.map(({ text, count }) => `${text.slice(0, 60) || "(empty)"}: ${count}`);
  if (found.others) lines.push(`${found.others} more: ${found.otherCount}`);
  if (found.missing) lines.push(`missing: ${found.missing}`);
  chart.title = lines.join("\n");
}

/** A press on a heading: on its edge it resizes, on its picture it brushes, else it moves. */
export interface Drag {
  column: Column;
  cell: HTMLElement;
  target: HTMLElement;
  heads: HTMLElement[];
  shown: Shown;
}

const FAR = 5; // pixels before a press is a drag

/** Follows the pointer until it is let go. */
export function startDrag(event: PointerEvent, drag: Drag, wishes: Wishes): void {
  const { column, cell, target } = drag;
  if (target.closest(".ct-menu-button")) return;
  const chart = target.closest<HTMLElement>(".ct-bars");
  if (target.closest(".ct-grip")) follow(event, resizing(event, column, cell, wishes));
  else if (chart) follow(event, brushing(chart, column, wishes));
  else follow(event, moving(drag, wishes));
}

interface Following {
  move(x: number): void;
  end(x: number): void;
  /** Puts everything back: the drag was given up. */
  cancel(): void;
}

function follow(start: PointerEvent, following: Following): void {
  let dragged = false;
  const move = (event: PointerEvent) => {
    dragged ||= Math.abs(event.clientX - start.clientX) >= FAR;
    if (dragged) following.move(event.clientX);
  };
  const stop = () => {
    window.removeEventListener("pointermove", move);
    window.removeEventListener("pointerup", end);
    window.removeEventListener("pointercancel", cancel);
    window.removeEventListener("keydown", key, true);
  };
  const swallow = (click: MouseEvent) => click.stopPropagation();
  const end = (event: PointerEvent) => {
    stop();
    if (!dragged) return;
    // the click that follows a drag is part of it; where none does, the next one is not
    window.addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => {
      window.removeEventListener("click", swallow, { capture: true });
      following.end(event.clientX);
    });
  };
  const cancel = () => {
    stop();
    if (dragged) following.cancel();
  };
  const key = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    cancel();
    event.stopPropagation();
  };
  window.addEventListener("pointermove", move);
  window.addEventListener("pointerup", end);
  window.addEventListener("pointercancel", cancel);
  window.addEventListener("keydown", key, true);
  start.preventDefault();
}

function resizing(
  start: PointerEvent,
  column: Column,
  cell: HTMLElement,
  wishes: Wishes,
): Following {
  const width = cell.getBoundingClientRect().width;
  const at = (x: number) => Math.max(36, Math.min(1200, width + x - start.clientX));
  return {
    move: (x) => {
      cell.style.width = `${at(x)}px`;
    },
    end: (x) => wishes.resize(column.name, at(x)),
    cancel: () => {
      cell.style.width = `${width}px`;
    },
  };
}

function brushing(chart: HTMLElement, column: Column, wishes: Wishes): Following {
  const box = chart.getBoundingClientRect();
  const part = (x: number) => Math.max(0, Math.min(1, (x - box.left) / box.width));
  const [min, max] = [Number(chart.dataset.min), Number(chart.dataset.max)];
  const shade = make("span", "ct-brush");
  let first: number | null = null;
  const ends = (x: number) => [first ?? part(x), part(x)].sort((a, b) => a - b) as [number, number];
  return {
    move: (x) => {
      first ??= part(x);
      const [left, right] = ends(x);
      shade.style.cssText = `left:${left * 100}%;width:${(right - left) * 100}%`;
      chart.append(shade);
    },
    end: (x) => {
      const [left, right] = ends(x);
      const value = (share: number) => min * (1 - share) + max * share;
      shade.remove();
      wishes.brush(column.name, value(left), value(right));
    },
    cancel: () => shade.remove(),
  };
}

/** Moves a column to before another one, and shows where it would go. */
function moving(drag: Drag, wishes: Wishes): Following {
  const { column, cell, heads, shown } = drag;
  const mark = make("span", "ct-drop");
  const own = cell.getBoundingClientRect();
  const isOwn = (x: number) => x >= own.left && x <= own.right;
  const target = (x: number) =>
    heads.find((head) => {
      const box = head.getBoundingClientRect();
      return x < box.left + box.width / 2;
    });
  const stop = () => {
    cell.classList.remove("ct-moving");
    mark.remove();
  };
  return {
    move: (x) => {
      cell.classList.add("ct-moving");
      const next = target(x);
      if (isOwn(x)) mark.remove();
      else if (next) next.prepend(mark);
      else heads.at(-1)?.append(mark);
      mark.classList.toggle("ct-last", !next);
    },
    end: (x) => {
      stop();
      if (isOwn(x)) return;
      const next = target(x);
      const last = Number(heads.at(-1)?.dataset.column ?? -1) + 1;
      const before = next ? Number(next.dataset.column) : last;
      const name = shown.columns[before]?.name ?? null;
      if (name !== column.name) wishes.move(column.name, name);
    },
    cancel: stop,
  };
}
