// Numbers that have changed since the table was sent; the twin of views/live_table.py.
import type { Column, Value } from "../columns";
import type { Data } from "./state";

/** By run id and metric; as texts, since JSON has neither NaN nor the infinities. */
type Changed = Record<string, Record<string, string>>;

/** Gives the data with the changed numbers in them; the rest is the same as before. */
export function withLive(data: Data, text: string): Data {
  const changed = JSON.parse(text || "{}") as Changed;
  const byColumn = new Map<string, Map<number, number>>();
  for (const [id, values] of Object.entries(changed)) {
    const row = data.ids.indexOf(id);
    if (row < 0) continue;
    for (const [metric, value] of Object.entries(values)) {
      const name = `metrics.${metric}`;
      const rows = byColumn.get(name) ?? new Map<number, number>();
      byColumn.set(name, rows.set(row, Number(value)));
    }
  }
  if (!byColumn.size) return data;
  const columns = new Map(data.columns);
  for (const [name, rows] of byColumn) {
    const column = columns.get(name);
    if (column) columns.set(name, over(column, rows));
  }
  return { ...data, columns };
}

function over(column: Column, rows: ReadonlyMap<number, number>): Column {
  const whole = column.kind === "integer";
  const at = (row: number): Value => {
    const value = rows.get(row);
    if (value === undefined) return column.at(row);
    return whole && Number.isInteger(value) ? BigInt(value) : value;
  };
  return { ...column, at };
}
