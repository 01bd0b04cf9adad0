// Brings the tools of the tables into the page, once for all of them.
import { importBytes } from "./import_bytes";
import type { Tools } from "./tools";

const KEY = "__celltrail_tools_0_1";

/** Gives the tools; what came with this table is used unless another one has brought them. */
export function loadTools(data: DataView): Promise<Tools> {
  const page = globalThis as unknown as Record<string, Promise<Tools> | undefined>;
  page[KEY] ??= importBytes<Tools>(data);
  page[KEY].catch(() => {
    page[KEY] = undefined; // the next table tries again
  });
  return page[KEY];
}
