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
