// Draws the curves of runs that go on as they grow; the twin of views/drawing.py.
import type { AnyModel } from "@anywidget/types";
import { type DataHead, gunzip, rowsOf } from "./chart_data";
import type { Zooming } from "./chart_zoom";

interface Grown {
  kind?: string;
  ids: string[];
  heads: Record<string, DataHead>;
}

/** Puts the new curves of some runs in the place of their old ones; call what it gives to stop. */
export function followGrowth(model: AnyModel, zooming: Zooming): () => void {
  let gone = false;
  let last = Promise.resolve();
  const draw = async (message: Grown, buffers: DataView[]) => {
    const bytes = await gunzip(buffers[0]);
    if (gone) return;
    const grown = new Set(message.ids);
    for (const [dataset, head] of Object.entries(message.heads)) {
      zooming.change(dataset, (rows) => [
        ...rows.filter((row) => !grown.has(row.run_id as string)),
        ...rowsOf(head, bytes),
      ]);
    }
  };
  const receive = (message: Grown, buffers: DataView[] = []) => {
    // one after the other: each may be of other runs
    if (message?.kind === "grown") last = last.then(() => draw(message, buffers)).catch(() => {});
  };
  model.on("msg:custom", receive);
  return () => {
    gone = true;
    model.off("msg:custom", receive);
  };
}
