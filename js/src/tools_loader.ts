// Brings the tools of the tables into the page, once for all of them.
import { importBytes } from "./import_bytes";
import type { Tools } from "./tools";

/** Names the tools by what they are: an open page may hold those of another version. */
export function toolsKey(data: DataView): string {
  let hash = 0x811c9dc5; // FNV-1a, 32 bits
  for (let i = 0; i < data.byteLength; i++) {
    hash = Math.imul(hash ^ data.getUint8(i), 0x01000193) >>> 0;
  }
  return `__celltrail_tools_${hash.toString(16)}`;
}

/** Gives the tools; what came with this table is used unless another one has brought them. */
export function loadTools(data: DataView): Promise<Tools> {
  const page = globalThis as unknown as Record<string, Promise<Tools> | undefined>;
  const key = toolsKey(data);
  page[key] ??= importBytes<Tools>(data);
  page[key].catch(() => {
    page[key] = undefined; // the next table tries again
  });
  return page[key];
}
