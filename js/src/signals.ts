// The signals of all views of a page: one library, so that what one bundle makes another one
// can follow. A widget's script is evaluated for each widget, the tools' only once.
import * as own from "@preact/signals-core";

export type { ReadonlySignal, Signal } from "@preact/signals-core";

/** The twin of the name in signals_shared.ts. */
const KEY = "__celltrail_signals_1_14";

const page = globalThis as unknown as Record<string, typeof own | undefined>;
page[KEY] ??= own;
export const { batch, computed, effect, signal, untracked } = page[KEY];
