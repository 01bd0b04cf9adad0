// Brings the drawing library into the page, once for all charts.
import type { AnyModel } from "@anywidget/types";
import type { VisualizationSpec } from "vega-embed";
import { importBytes } from "./import_bytes";

/** What is used of a Vega view. */
export interface View {
  data(name: string): Record<string, unknown>[];
  data(name: string, rows: Record<string, unknown>[]): View;
  resize(): View;
  runAsync(): Promise<unknown>;
  signal(name: string, value: unknown): View;
  addEventListener(
    type: string,
    listener: (event: MouseEvent, item: { datum?: Record<string, unknown> } | null) => void,
  ): View;
  addSignalListener(
    name: string,
    listener: (name: string, value: Record<string, unknown> | null) => void,
  ): void;
}

export interface Drawn {
  view: View;
  finalize(): void;
}

export interface Vega {
  embed(
    element: HTMLElement,
    spec: VisualizationSpec,
    options: Record<string, unknown>,
  ): Promise<Drawn>;
}

interface Shared {
  vega?: Promise<Vega>;
  settle?: (vega: Vega) => void;
}

const KEY = "__celltrail_vega_0_1";

function shared(): Shared {
  const page = globalThis as unknown as Record<string, Shared | undefined>;
  page[KEY] ??= {};
  return page[KEY];
}

/** How long to wait for what another chart asked for, before asking as well. */
const PATIENCE = 4_000;

/**
 * Gives the library. The first chart asks its kernel; others wait for the same answer, and
 * after a while ask too: the first one's kernel may have gone, or its message been dropped.
 */
export function loadVega(model: AnyModel, patience = PATIENCE): Promise<Vega> {
  const page = shared();
  const first = page.vega === undefined;
  page.vega ??= new Promise((resolve) => {
    page.settle = resolve;
  });
  const ask = () => model.send({ kind: "want-vega" });
  const receive = async (message: { kind?: string }, buffers: DataView[]) => {
    const data = buffers[0];
    if (message?.kind !== "vega" || !data) return;
    model.off("msg:custom", receive);
    page.settle?.(await importBytes<Vega>(data));
  };
  model.on("msg:custom", receive);
  if (first) ask();
  const timer = setInterval(ask, patience);
  return page.vega.finally(() => {
    clearInterval(timer);
    model.off("msg:custom", receive);
  });
}
