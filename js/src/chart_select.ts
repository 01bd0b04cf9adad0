// Runs that are selected stand out in a chart, and what is clicked or brushed in it is selected.
import type { AnyModel } from "@anywidget/types";
import type { Spec } from "./chart_spec";
import type { View } from "./vega_loader";

/** The parameter of the chart that holds the ids of the selected runs. */
const SELECTED = "celltrail_selected";
/** The interval selection by which runs are chosen in charts that have one of this name. */
const BRUSH = "brush";
const DIM = 0.12;
const PAUSE = 120; // milliseconds that a brush has to rest

const OTHERS = {
  test: `length(${SELECTED}) && isValid(datum.run_id) && indexof(${SELECTED}, datum.run_id) < 0`,
  value: DIM,
};
const PARTS = ["layer", "concat", "hconcat", "vconcat"];

/** Gives the data sets of a chart whose rows are of runs. */
export function runDatasets(spec: Spec): string[] {
  return Object.entries((spec.datasets as Spec | undefined) ?? {})
    .filter(([, rows]) => Array.isArray(rows) && typeof rows[0]?.run_id === "string")
    .map(([name]) => name);
}

/** Lets marks of runs fade that are not selected, while any is. */
export function withSelection(spec: Spec): Spec {
  const params = (spec.params as unknown[] | undefined) ?? [];
  return { ...faded(spec), params: [...params, { name: SELECTED, value: [] }] };
}

function faded(unit: Spec): Spec {
  const made: Spec = { ...unit };
  for (const part of PARTS) {
    if (Array.isArray(unit[part])) made[part] = (unit[part] as Spec[]).map(faded);
  }
  if (typeof unit.spec === "object" && unit.spec !== null) made.spec = faded(unit.spec as Spec);
  if (unit.mark === undefined) return made;
  const encoding = (unit.encoding as Record<string, Spec> | undefined) ?? {};
  const channel = encoding.opacity ?? {};
  if ("field" in channel) return made;
  const mark = typeof unit.mark === "object" ? (unit.mark as Spec) : {};
  const known = channel.condition;
  const others = known === undefined ? [] : Array.isArray(known) ? known : [known];
  const value = channel.value ?? mark.opacity ?? 1;
  made.encoding = { ...encoding, opacity: { ...channel, value, condition: [OTHERS, ...others] } };
  return made;
}

/** Follows the selection of a drawn chart, both ways; call what it gives to stop. */
export function followSelection(model: AnyModel, view: View, datasets: string[]): () => void {
  const show = () => {
    try {
      view.signal(SELECTED, model.get("selected_ids") ?? []);
      void view.runAsync();
    } catch {
      // a chart in which no mark is one of a run has no such parameter
    }
  };
  const set = (ids: string[]) => {
    model.set("selected_ids", ids);
    try {
      model.save_changes();
    } catch {
      // no kernel: the chart itself shows what is selected
    }
    show();
  };
  const click = (event: MouseEvent, item: { datum?: Record<string, unknown> } | null) => {
    const id = item?.datum?.run_id;
    if (typeof id !== "string") return;
    const now = (model.get("selected_ids") as string[] | undefined) ?? [];
    const more = event.ctrlKey || event.metaKey || event.shiftKey;
    const isOnly = now.length === 1 && now[0] === id;
    if (more) set(now.includes(id) ? now.filter((one) => one !== id) : [...now, id]);
    else set(isOnly ? [] : [id]);
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const brushed = (_name: string, value: Ranges | null) => {
    clearTimeout(timer);
    timer = setTimeout(() => set(within(view, datasets, value ?? {})), PAUSE);
  };
  view.addEventListener("click", click);
  try {
    view.addSignalListener(BRUSH, brushed as never);
  } catch {
    // most charts have none
  }
  model.on("change:selected_ids", show);
  show();
  return () => {
    clearTimeout(timer);
    model.off("change:selected_ids", show);
  };
}

/** Of each field what was brushed: both ends, or of names all that are between them. */
type Ranges = Record<string, unknown[]>;

/** Gives the runs of the rows that lie within all ranges; none where there is no range. */
function within(view: View, datasets: string[], ranges: Ranges): string[] {
  const fields = Object.entries(ranges);
  if (!fields.length) return [];
  const found = new Set<string>();
  for (const name of datasets) {
    for (const row of rowsOf(view, name)) {
      const isInside = fields.every(([field, range]) => {
        if (!range.every((end) => typeof end === "number")) return range.includes(row[field]);
        if (row[field] == null) return false; // and not a zero
        const value = Number(row[field]);
        return value >= Math.min(...range) && value <= Math.max(...range);
      });
      if (isInside && typeof row.run_id === "string") found.add(row.run_id);
    }
  }
  return [...found];
}

function rowsOf(view: View, name: string): Record<string, unknown>[] {
  try {
    return view.data(name);
  } catch {
    return []; // the compiler has left it out
  }
}
