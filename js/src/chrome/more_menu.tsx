// Copy what is shown, take it as code, and go back to how it was.
import { useSignal } from "@preact/signals";
import { csvOf, markdownOf } from "../table/copy";
import type { CurvesAnswer } from "../table/curves";
import type { TableState } from "../table/state";
import { Item } from "./column_menu";
import type { RunDetails } from "./details";
import { Popover } from "./popover";
import type { Said } from "./said";

/** What the view asks of the page and of Python. */
export interface Services {
  copy(text: string): Promise<void>;
  /** Gives the line of Python that reads what is shown. */
  code(): Promise<string>;
  /** Gives all that is known of one run. */
  details(id: string): Promise<RunDetails>;
  /** Changes what is said of a run, and gives all that is known of it then. */
  edit(id: string, said: Said): Promise<RunDetails>;
  /** Gives curves: for names of metrics the ids of runs are asked for. */
  curves(wanted: Record<string, string[]>, pixels: number): Promise<CurvesAnswer>;
}

interface Props {
  state: TableState;
  services: Services;
  anchor: HTMLElement;
  onClose(): void;
}

export function MoreMenu({ state, services, anchor, onClose }: Props) {
  const said = useSignal("");
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
  return (
    <Popover anchor={anchor} label="More" onClose={onClose}>
      <Item text="Copy as Markdown" onPick={copy(() => markdownOf(state))} />
      <Item text="Copy as CSV" onPick={copy(() => csvOf(state))} />
      <Item text="Copy as Python" onPick={copy(() => services.code())} />
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
      {said.value && (
        <div class="ct-note" role="status">
          {said.value}
        </div>
      )}
    </Popover>
  );
}
