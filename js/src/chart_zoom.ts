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

/** What can be done to a chart whose panels are zoomed. */
export interface Zooming {
  /** Changes all rows of a data set: they are drawn now, or when it is zoomed out again. */
  change(dataset: string, how: (rows: Row[]) => Row[]): void;
  stop(): void;
}

/** How long a range has to stand before its points are asked for. */
const PAUSE = 150;

/**
 * Follows the zoom of each panel: while it is zoomed it shows the points of its range, and
 * when it is not, what it had. Without a kernel it shows what it has.
 */
export function followZoom(model: AnyModel, view: View, rpc: Rpc): Zooming {
  const panels = (model.get("_zoom") as Panel[] | undefined) ?? [];
  const followed = panels.flatMap((panel, place) => follow(panel, place, view, rpc) ?? []);
  return {
    change(dataset, how) {
      for (const one of followed) if (one.dataset === dataset) one.change(how);
    },
    stop() {
      for (const one of followed) one.stop();
    },
  };
}

function follow({ signal, field, dataset }: Panel, place: number, view: View, rpc: Rpc) {
  const found = rowsIn(view, dataset);
  if (!found) return null; // the chart was changed, and has no such data any more
  let all: Row[] = found;
  let zoomed = false;
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
    zoomed = range !== undefined;
    if (!range) return put(all);
    const [first, last] = range.map(Number) as [number, number];
    timer = setTimeout(ask, PAUSE, Math.min(first, last), Math.max(first, last), mine);
  };
  try {
    view.addSignalListener(signal, changed);
  } catch {
    return null; // the chart was changed, and cannot be zoomed any more
  }
  return {
    dataset,
    change(how: (rows: Row[]) => Row[]) {
      all = how(all);
      // copies: Vega puts its marks on rows
      if (!zoomed) put(all.map((row) => ({ ...row })));
    },
    stop() {
      turn++;
      clearTimeout(timer);
    },
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
