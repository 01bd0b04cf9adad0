// Asks Python for the points of the range that a chart is zoomed to.
import type { AnyModel } from "@anywidget/types";
import { type DataHead, gunzip, type Row, rowsOf } from "./chart_data";
import type { Rpc } from "./rpc";
import type { View } from "./vega_loader";

/** A panel that can be zoomed; the twin of Zoom in views/chart.py. */
interface Panel {
  signal: string;
  field: string;
  dataset: string;
}

interface Answer {
  result: DataHead;
  data: DataView;
}

/** How long a range has to stand before its points are asked for. */
const PAUSE = 150;

/**
 * Follows the zoom of each panel: while it is zoomed it shows the points of its range, and
 * when it is not, what it had. Without a kernel it shows what it has.
 */
export function followZoom(model: AnyModel, view: View, rpc: Rpc): () => void {
  const panels = (model.get("_zoom") as Panel[] | undefined) ?? [];
  const stops = panels.map((panel, place) => follow(panel, place, view, rpc));
  return () => {
    for (const stop of stops) stop();
  };
}

function follow({ signal, field, dataset }: Panel, place: number, view: View, rpc: Rpc) {
  const all = rowsIn(view, dataset);
  if (!all) return () => {}; // the chart was changed, and has no such data any more
  let timer: ReturnType<typeof setTimeout> | undefined;
  let turn = 0;

  const put = (rows: Row[]) => {
    view.data(dataset, rows);
    void view.resize().runAsync(); // longer labels need more room, or push the title out
  };
  const ask = async (low: number, high: number, mine: number) => {
    try {
      const { result, data } = await rpc.ask<Answer>("zoom", { panel: place, low, high });
      const bytes = await gunzip(data);
      if (mine === turn) put(rowsOf(result, bytes));
    } catch {
      // no kernel, or one that is busy: the points that are there are what is shown
    }
  };
  const changed = (_name: string, value: Record<string, unknown> | null) => {
    const mine = ++turn;
    clearTimeout(timer);
    const range = value?.[field] as unknown[] | undefined;
    if (!range) return put(all);
    const [first, last] = range.map(Number) as [number, number];
    timer = setTimeout(ask, PAUSE, Math.min(first, last), Math.max(first, last), mine);
  };
  try {
    view.addSignalListener(signal, changed);
  } catch {
    return () => {}; // the chart was changed, and cannot be zoomed any more
  }
  return () => {
    turn++;
    clearTimeout(timer);
  };
}

/** Gives copies, without the marks that Vega puts on rows. */
function rowsIn(view: View, dataset: string): Row[] | null {
  try {
    return view.data(dataset).map((row) => ({ ...row }));
  } catch {
    return null;
  }
}
