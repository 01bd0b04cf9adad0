// The line above the table: what is shown of what, the filter, and what the view can do.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { plural } from "../format";
import type { TableState } from "../table/state";
import { ColumnsPanel } from "./columns_panel";
import type { Removal } from "./deleted";
import { FilterBox } from "./filter_box";
import { MoreMenu, type Services } from "./more_menu";

interface Props {
  state: TableState;
  services: Services;
  removal: Removal | null;
  experiment: string;
}

export function Toolbar({ state, services, removal, experiment }: Props) {
  const { ids, beyond } = state.data.value;
  const total = ids.length;
  if (!total && !beyond.length) return null;
  return (
    <>
      <div class="ct-bar">
        {experiment && <span class="ct-experiment">{experiment}</span>}
        <Count
          shown={state.rows.value.length}
          total={total}
          beyond={beyond}
          connected={state.connected.value}
        />
        <FilterBox state={state} />
        <span class="ct-tools">
          <span
            class={`ct-offline${state.connected.value ? "" : " ct-gone"}`}
            title="There is no kernel: the table sorts and filters, but Python hears of nothing"
          >
            not connected
          </span>
          <Toggle
            on={state.get("only_differences")}
            onPick={(on) => state.set({ only_differences: on })}
            title="Hide the columns in which all runs shown have the same"
          >
            Only what differs
          </Toggle>
          <Opener text={columnsText(state)} label="Columns">
            {(anchor, close) => <ColumnsPanel state={state} anchor={anchor} onClose={close} />}
          </Opener>
          <Opener text="⋯" label="More">
            {(anchor, close) => (
              <MoreMenu
                state={state}
                services={services}
                removal={removal}
                anchor={anchor}
                onClose={close}
              />
            )}
          </Opener>
        </span>
      </div>
      <Chips state={state} />
    </>
  );
}

interface Counts {
  shown: number;
  total: number;
  beyond: readonly number[];
  connected: boolean;
}

const HERE = "The kernel filters and sorts. Groups, histograms and offers are of the runs here.";

function Count({ shown, total, beyond, connected }: Counts) {
  const [all, matching = 0] = beyond;
  if (all !== undefined && !connected) {
    // how many of all runs match nobody can say now
    return (
      <span class="ct-count" title="Without a kernel only the runs here are filtered and sorted.">
        <b>{shown.toLocaleString("en-US")}</b> of {total.toLocaleString("en-US")} here, of{" "}
        {plural(all, "run")}
      </span>
    );
  }
  if (all !== undefined) {
    const first = shown === total && matching > total;
    const some =
      matching < all && first ? ` of ${matching.toLocaleString("en-US")} that match` : "";
    return (
      <span class="ct-count" title={HERE}>
        {first && "the first "}
        <b>{shown.toLocaleString("en-US")}</b>
        {some} of {plural(all, "run")}
      </span>
    );
  }
  if (shown === total) return <span class="ct-count">{plural(total, "run")}</span>;
  return (
    <span class="ct-count">
      <b>{shown.toLocaleString("en-US")}</b> of {plural(total, "run")}
    </span>
  );
}

function columnsText(state: TableState): string {
  const hidden = state.get("hidden").filter((name) => state.data.value.columns.has(name)).length;
  return hidden ? `Columns (${hidden.toLocaleString("en-US")} hidden)` : "Columns";
}

/** What is set beyond the filter, each with a way to undo it. */
function Chips({ state }: { state: TableState }) {
  const { columns, ids } = state.data.value;
  const baseline = state.get("baseline");
  const place = ids.indexOf(baseline);
  const name = place < 0 ? "a run that is not here" : columns.get("name")?.at(place);
  if (!baseline && !state.get("group_by").length) return null;
  return (
    <div class="ct-bar ct-chips">
      {baseline && (
        <Chip
          text={`compared with ${name ?? baseline.slice(0, 8)}`}
          label="Compare with none"
          onClear={() => state.set({ baseline: "" })}
        />
      )}
      {state.get("group_by").map((one) => (
        <Chip
          key={one}
          text={`by ${columns.get(one)?.label ?? one}`}
          label={`Do not group by ${one}`}
          onClear={() => state.groupBy(one, false)}
        />
      ))}
    </div>
  );
}

/** What is selected, and what can be done with it: below the rows, which a click never moves. */
export function Footer({ state, onDetails }: { state: TableState; onDetails(id: string): void }) {
  const [chosen = "", ...others] = state.get("selected_ids");
  if (!chosen) return null;
  const isOne = others.length === 0;
  return (
    <div class="ct-bar ct-foot">
      <Chip
        className="ct-chosen"
        text={`${(others.length + 1).toLocaleString("en-US")} selected`}
        label="clear"
        onClear={() => state.set({ selected_ids: [] })}
      />
      {isOne && (
        <button type="button" class="ct-plain" onClick={() => onDetails(chosen)}>
          details
        </button>
      )}
      {isOne && chosen !== state.get("baseline") && (
        <button
          type="button"
          class="ct-plain"
          title="Show how all other runs differ from this one"
          onClick={() => state.set({ baseline: chosen })}
        >
          compare others with it
        </button>
      )}
    </div>
  );
}

interface ChipProps {
  text: string;
  label: string;
  className?: string;
  onClear(): void;
}

function Chip({ text, label, className = "", onClear }: ChipProps) {
  return (
    <span class={`ct-chip ${className}`}>
      {text}
      <button type="button" class="ct-plain" aria-label={label} title={label} onClick={onClear}>
        ×
      </button>
    </span>
  );
}

interface ToggleProps {
  on: boolean;
  title: string;
  onPick(on: boolean): void;
  children: ComponentChildren;
}

function Toggle({ on, title, onPick, children }: ToggleProps) {
  return (
    <button
      type="button"
      class={`ct-tool${on ? " ct-on" : ""}`}
      aria-pressed={on}
      title={title}
      onClick={() => onPick(!on)}
    >
      {children}
    </button>
  );
}

interface OpenerProps {
  text: string;
  label: string;
  children(anchor: HTMLElement, close: () => void): ComponentChildren;
}

/** A button that opens a panel below it. */
function Opener({ text, label, children }: OpenerProps) {
  const anchor = useSignal<HTMLElement | null>(null);
  const close = () => {
    const button = anchor.peek();
    anchor.value = null;
    if (button?.parentElement?.querySelector(".ct-popover")?.contains(document.activeElement)) {
      button.focus();
    }
  };
  return (
    <span class="ct-opener">
      <button
        type="button"
        class="ct-tool"
        aria-label={label}
        aria-expanded={anchor.value !== null}
        onClick={(event) => {
          anchor.value = anchor.value ? null : event.currentTarget;
        }}
      >
        {text}
      </button>
      {anchor.value && children(anchor.value, close)}
    </span>
  );
}
