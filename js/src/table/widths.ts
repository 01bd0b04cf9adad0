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

/** How wide a column has to be for all that stands in it, and for its cells alone. */
export interface Width {
  whole: number;
  cells: number;
}

const cache = new WeakMap<Column, Width & { key: string }>();

/** Gives the width that each column needs; or, where it is set and that is all that counts, it. */
export function widthsOf(element: HTMLElement, shown: Shown): Width[] {
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
    if (own !== undefined && !column.steps) return { whole: own, cells: own };
    const known = cache.get(column);
    if (known?.key === key) return known;
    measure ??= many ? (text) => text.length * 7.5 : measurer(element);
    measureHeading ??= many ? (text) => text.length * 8 : measurer(element, "600");
    // a group's name is bold, and set in
    const texts = column.name === "name" ? groupNames(shown).map((name) => `${name}MM`) : [];
    for (let row = 0; row < ids.length; row += every) {
      const delta = deltaText(column, row, looks.baseline);
      texts.push(cellText(column, row) + (delta ? ` ${delta} ` : ""));
    }
    const box = { ...WIDTHS, padding: WIDTHS.padding + extra(column, grouped) };
    const heading = measureHeading(`${column.label} ${column.unit ?? ""}`.trim()) + SIGNS;
    const whole = columnWidth(heading, texts, measure, box);
    // below a long heading a curve has room that numbers do not need
    const cells = column.steps ? columnWidth(0, texts, measure, { ...box, min: 0 }) : whole;
    const width = { key, whole, cells };
    cache.set(column, width);
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
