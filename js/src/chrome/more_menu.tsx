// Copy what is shown, take it as code, and go back to how it was.
import { useSignal } from "@preact/signals";
import { csvOf, markdownOf } from "../table/copy";
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
}

interface Props {
  state: TableState;
  services: Services;
  anchor: HTMLElement;
  onClose(): void;
}

export function MoreMenu({ state, services, anchor, onClose }: Props) {
  const said = useSignal("");
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
