// How wide columns are: as their heading and their texts need, unless somebody dragged them.
import { type Column, cellText } from "../columns";
import { measurer } from "../dom";
import { deltaText } from "./cells";
import { columnWidth } from "./layout";
import type { Shown } from "./shown";

const SAMPLE = 400;
/** How many texts are looked at for all columns together. */
const BUDGET = 60_000;
/** From so many columns on, texts are not measured but counted. */
const MANY = 300;
const SIGNS = 30; // room for the sign of the sort and the menu, so that neither moves a column
const WIDTHS = { min: 60, max: 260, padding: 22 };
const SPREAD = 52; // room for ± and a standard deviation

const cache = new WeakMap<Column, { key: string; width: number }>();

/** Gives the width of each column that is shown. */
export function widthsOf(element: HTMLElement, shown: Shown): number[] {
  const { columns, ids, looks, grouped } = shown;
  const many = columns.length > MANY;
  const font = getComputedStyle(element).fontFamily;
  const key = `${looks.baseline} ${grouped} ${shown.items.groups.length} ${font} ${ids.length} ${many} ${element.isConnected}`;
  let measure: ((text: string) => number) | null = null;
  let measureHeading: ((text: string) => number) | null = null;
  const rows = Math.min(SAMPLE, Math.max(3, Math.floor(BUDGET / Math.max(1, columns.length))));
  const every = Math.max(1, Math.floor(ids.length / rows));
  return columns.map((column) => {
    const own = shown.widths[column.name];
    if (own !== undefined) return own;
    const known = cache.get(column);
    if (known?.key === key) return known.width;
    measure ??= many ? (text) => text.length * 7.5 : measurer(element);
    measureHeading ??= many ? (text) => text.length * 8 : measurer(element, "600");
    // a group's name is bold, and set in
    const texts = column.name === "name" ? groupNames(shown).map((name) => `${name}MM`) : [];
    for (let row = 0; row < ids.length; row += every) {
      const delta = deltaText(column, row, looks.baseline);
      texts.push(cellText(column, row) + (delta ? ` ${delta} ` : ""));
    }
    const width = columnWidth(measureHeading(column.label) + SIGNS, texts, measure, {
      ...WIDTHS,
      padding: WIDTHS.padding + extra(column, grouped),
    });
    cache.set(column, { key, width });
    return width;
  });
}

function groupNames({ items }: Shown): string[] {
  return items.groups.slice(0, SAMPLE).map((group) => group.texts.join(" \u00b7 "));
}

function extra(column: Column, grouped: boolean): number {
  if (column.name === "status") return 14;
  if (column.name === "tags") return 24;
  if (column.name === "name") return 34; // for what opens, and how many stand below
  return grouped && column.numeric && column.name !== "number" ? SPREAD : 0;
}
