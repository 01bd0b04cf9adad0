// What stands for @preact/signals-core in the bundle of the tools: the page's own.
import type * as core from "@preact/signals-core";

const page = globalThis as unknown as Record<string, typeof core>;
export const { Signal, action, batch, computed, createModel, effect, signal, untracked } =
  page.__celltrail_signals_1_14 as typeof core;
