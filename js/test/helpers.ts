import type { Column, Kind, Value } from "../src/columns";

/** Makes a column of values as the decoder gives them. */
export function column(kind: Kind, values: Value[], name: string = kind): Column {
  return {
    name,
    label: name,
    group: "",
    kind,
    decimals: null,
    numeric: kind === "number" || kind === "integer" || kind === "duration",
    at: (row) => values[row] ?? null,
  };
}

/** What Python sends of a table whose view nobody has changed. */
export const PLAIN_STATE = {
  selected_ids: [] as string[],
  where: "",
  order_by: "",
  hidden: [] as string[],
  shown: [] as string[],
  pinned: ["number", "name"],
  column_order: [] as string[],
  column_widths: {},
  only_differences: false,
  group_by: [] as string[],
  baseline: "",
  coloured: [] as string[],
  curves: {},
  _tools: new DataView(new ArrayBuffer(0)),
  _parents: new DataView(new ArrayBuffer(0)),
  _beyond: [] as number[],
};
