// Copy what is shown, take it as code, go back to how it was, and delete what is selected.
import { useSignal } from "@preact/signals";
import { plural } from "../format";
import { csvOf, markdownOf } from "../table/copy";
import type { CurvesAnswer } from "../table/curves";
import type { TableState } from "../table/state";
import { Item } from "./column_menu";
import { DeletedPanel, type DeletedRuns, type Removal } from "./deleted";
import type { RunDetails } from "./details";
import { Popover } from "./popover";
import type { Said } from "./said";

/** What the view asks of the page, and of Python or what stands in for it. */
export interface Services {
  copy(text: string): Promise<void>;
  /** Gives all that is known of one run. */
  details(id: string): Promise<RunDetails>;
  /** Gives curves: for names of metrics the ids of runs are asked for. */
  curves(wanted: Record<string, string[]>, pixels: number): Promise<CurvesAnswer>;
  /** What only Python can do; null in a page that never had a kernel. */
  python: Python | null;
}

export interface Python {
  /** Gives the line of Python that reads what is shown. */
  code(): Promise<string>;
  /** Changes what is said of a run, and gives all that is known of it then. */
  edit(id: string, said: Said): Promise<RunDetails>;
  /** Hides runs, and says how many were hidden. */
  delete(ids: string[]): Promise<{ deleted: number }>;
  /** Brings runs back, and says how many are among the rows now. */
  restore(ids: string[]): Promise<{ restored: number; shown: number }>;
  /** Gives the runs that can be restored. */
  deleted(): Promise<DeletedRuns>;
}

interface Props {
  state: TableState;
  services: Services;
  removal: Removal | null;
  anchor: HTMLElement;
  onClose(): void;
}

export function MoreMenu({ state, services, removal, anchor, onClose }: Props) {
  const listing = useSignal(false);
  const said = useSignal("");
  const { python } = services;
  const stepped = [...state.data.value.columns.values()].flatMap((column) =>
    column.steps ? [column.name] : [],
  );
  const curved = state.curved.value.size > 0;
  const copy = (make: () => string | Promise<string>) => async () => {
    try {
      await services.copy(await make());
      said.value = "Copied.";
    } catch (error) {
      said.value = error instanceof Error ? error.message : String(error);
    }
  };
  if (listing.value && python && removal) {
    return <DeletedPanel services={python} removal={removal} anchor={anchor} onClose={onClose} />;
  }
  const { ids, unseen } = removal?.chosen() ?? { ids: [], unseen: 0 };
  return (
    <Popover key="menu" anchor={anchor} label="More" onClose={onClose}>
      <Item text="Copy as Markdown" onPick={copy(() => markdownOf(state))} />
      <Item text="Copy as CSV" onPick={copy(() => csvOf(state))} />
      {python && <Item text="Copy as Python" onPick={copy(() => python.code())} />}
      <hr />
      {stepped.length > 0 && (
        <Item
          text="Curves"
          on={curved}
          onPick={() => {
            state.showCurves(stepped, !curved);
            onClose();
          }}
        />
      )}
      <Item
        text="Reset the view"
        onPick={() => {
          state.reset();
          onClose();
        }}
      />
      {removal && <hr />}
      {removal && ids.length > 0 && (
        <Item
          text={`Delete ${plural(ids.length, "run")}`}
          hint={unseen ? `${unseen.toLocaleString("en-US")} not shown` : ""}
          onPick={() => {
            void removal.delete(ids);
            onClose();
          }}
        />
      )}
      {removal && (
        <Item
          text="Deleted runs…"
          onPick={() => {
            listing.value = true;
          }}
        />
      )}
      {said.value && (
        <div class="ct-note" role="status">
          {said.value}
        </div>
      )}
    </Popover>
  );
}
