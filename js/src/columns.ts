// The columns of the run table: decoded from Arrow, each cell read only when it is needed.
import { tableFromIPC } from "@uwdata/flechette";
import { formatAs, formatDuration, formatInteger, formatNumber, formatTime } from "./format";
import { jsonText } from "./json";

export type Kind = "number" | "integer" | "bool" | "text" | "time" | "duration" | "json";

/** What Python says of a column; the twin of _head in views/run_table.py. */
export interface Head {
  name: string;
  label: string;
  group: string;
  kind: Kind;
  decimals: number | null;
  /** Whether less of it is better, where that is known. */
  lower?: boolean;
  unit?: string;
  /** How its numbers are written, where somebody said so. */
  format?: string;
  /** Whether it says nothing, so that it is only shown when asked for. */
  blank?: boolean;
  /** Whether it is a metric of which a run has more than one point. */
  steps?: boolean;
  /** Whether some of its texts are cut off. */
  cut?: boolean;
}

export type Value = number | bigint | string | null;

export interface Column extends Head {
  /** Whether the values stand at the right edge. */
  numeric: boolean;
  at(row: number): Value;
}

/** Between tags; the twin of _TAG_SEPARATOR in views/arrow.py. */
export const TAG_SEPARATOR = "\u001f";

const NUMERIC: ReadonlySet<Kind> = new Set(["number", "integer", "duration"]);

/** Copies bytes that came over the wire, so that they start where typed arrays may start. */
export function bytesOf(data: DataView | Uint8Array | ArrayBuffer): Uint8Array {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
}

/** Decodes the columns; the heads are in the order of the fields. */
export function decodeColumns(heads: Head[], data: Uint8Array): Column[] {
  if (data.length === 0) return heads.map((head) => column(head, () => null));
  const table = tableFromIPC(data, { useBigInt: true });
  return heads.map((head, index) => {
    // where traits change one after the other, the heads may be newer than the data
    const values = table.getChildAt(index) as unknown as Values | undefined;
    return column(head, values ? readerOf(values) : () => null);
  });
}

/** Makes the column of the runs' ids, which filters know. */
export function idColumn(ids: readonly string[]): Column {
  const head: Head = { name: "id", label: "id", group: "", kind: "text", decimals: null };
  return column({ ...head, blank: true }, (row) => ids[row] ?? null);
}

/** What is read of a decoded column; Python sends it in one batch. */
interface Values {
  data: readonly {
    at(row: number): unknown;
    values?: ArrayLike<number | bigint>;
    validity?: Uint8Array;
    nullCount: number;
    offsets?: unknown;
  }[];
}

/** Gives what reads a cell: sorts and filters read each of them many times. */
function readerOf({ data: [batch] }: Values): (row: number) => Value {
  if (!batch) return () => null;
  if (batch.offsets) {
    const texts: (Value | undefined)[] = []; // each is decoded once
    return (row) => {
      texts[row] ??= batch.at(row) as Value;
      return texts[row] ?? null;
    };
  }
  const { values, validity, nullCount } = batch;
  if (!values) return (row) => batch.at(row) as Value;
  if (!nullCount || !validity) return (row) => values[row] ?? null;
  return (row) => ((validity[row >> 3] ?? 0) & (1 << (row & 7)) ? (values[row] ?? null) : null);
}

function column(head: Head, at: (row: number) => Value): Column {
  return { ...head, numeric: NUMERIC.has(head.kind), at };
}

/** Gives the tags of a run, in which any text may stand. */
export function tagsOf(column: Column, row: number): string[] {
  const value = column.at(row);
  return typeof value === "string" && value ? value.split(TAG_SEPARATOR) : [];
}

/** Writes one cell; what is missing is an empty text. */
export function cellText(column: Column, row: number): string {
  const value = column.at(row);
  if (value === null || value === undefined) return "";
  if (column.name === "tags") return tagsOf(column, row).join(", ");
  if (column.format) return formatAs(value as number | bigint, column.format);
  switch (column.kind) {
    case "number":
      return formatNumber(value as number, column.decimals);
    case "integer":
      return formatInteger(value as bigint);
    case "duration":
      return formatDuration(value as number);
    case "time":
      return formatTime(value as bigint);
    case "bool":
      return value ? "True" : "False";
    case "json":
      return shown(jsonText(value as string));
    default:
      return shown(value as string);
  }
}

/** Between a text that is cut and its hash; the twin of CUT in views/arrow.py. */
export const CUT = "\0";

/** Leaves out what tells cut texts apart, and makes seen what would turn the line around. */
function shown(text: string): string {
  const end = text.indexOf(CUT);
  return (end < 0 ? text : text.slice(0, end)).replace(/[\u202a-\u202e\u2066-\u2069]/g, "\u25ab");
}

/** Says more of a cell than fits into it: all digits, the whole moment, the whole text. */
export function cellTitle(column: Column, row: number): string {
  const value = column.at(row);
  if (value === null || value === undefined) return "";
  if (column.kind === "number") return String(value);
  if (column.kind === "time") return formatTime(value as bigint, true);
  return cellText(column, row);
}
