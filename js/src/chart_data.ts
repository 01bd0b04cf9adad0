// Reads the packed columns that a chart's data travel as; the twin of views/chart_data.py.

interface Head {
  name: string;
  at: number;
  kind: "float" | "delta" | "bool" | "json";
  first?: number;
  scale?: number;
  texts?: (string | null)[];
  values?: unknown[];
}

export interface DataHead {
  rows: number;
  columns: Head[];
}

export type Row = Record<string, unknown>;

export function isPacked(data: unknown): data is DataHead {
  return typeof data === "object" && data !== null && "rows" in data && "columns" in data;
}

/** Unpacks bytes that came over the wire. */
export async function gunzip(data: DataView | null | undefined): Promise<Uint8Array<ArrayBuffer>> {
  if (!data?.byteLength) return new Uint8Array();
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Gives the rows, as Vega takes them; what is no finite number is null. */
export function rowsOf({ rows, columns }: DataHead, bytes: Uint8Array<ArrayBuffer>): Row[] {
  const made: Row[] = Array.from({ length: rows }, () => ({}));
  for (const head of columns) {
    const values = valuesOf(head, rows, bytes);
    // a field of any name, "__proto__" too, is a field of the row's own
    const own = { enumerable: true, writable: true, configurable: true };
    const plain = head.name !== "__proto__";
    for (let i = 0; i < rows; i++) {
      const row = made[i] as Row;
      if (plain) row[head.name] = values[i];
      else Object.defineProperty(row, head.name, { ...own, value: values[i] });
    }
  }
  return made;
}

function valuesOf(head: Head, rows: number, bytes: Uint8Array<ArrayBuffer>): unknown[] {
  if (head.kind === "json") return head.values ?? [];
  if (head.kind === "bool") return Array.from({ length: rows }, (_, i) => bytes[head.at + i] === 1);
  const numbers = head.kind === "delta" ? summed(head, rows, bytes) : floats(head, rows, bytes);
  const { texts } = head;
  return texts ? numbers.map((code) => texts[code as number] ?? null) : numbers;
}

function floats({ at }: Head, rows: number, bytes: Uint8Array<ArrayBuffer>): (number | null)[] {
  const values = new Float64Array(ordered(bytes, at, rows, 8));
  return Array.from(values, (value) => (Number.isFinite(value) ? value : null));
}

function summed(head: Head, rows: number, bytes: Uint8Array<ArrayBuffer>): number[] {
  const steps = new Int32Array(ordered(bytes, head.at, rows, 4));
  let sum = head.first ?? 0;
  return Array.from(steps, (step) => {
    sum += step;
    return sum / (head.scale ?? 1);
  });
}

/** Puts the bytes of each number together again. */
function ordered(bytes: Uint8Array<ArrayBuffer>, at: number, rows: number, size: number) {
  const out = new Uint8Array(rows * size);
  for (let plane = 0; plane < size; plane++) {
    const start = at + plane * rows;
    for (let i = 0; i < rows; i++) out[i * size + plane] = bytes[start + i] ?? 0;
  }
  return out.buffer;
}
