// Which columns are shown: all of them in a list that can be searched.
import { useState } from "preact/hooks";
import type { Column } from "../columns";
import type { TableState } from "../table/state";
import { arranged } from "../table/view";
import { Popover } from "./popover";

interface Props {
  state: TableState;
  anchor: HTMLElement;
  onClose(): void;
}

const LISTED = 200;

export function ColumnsPanel({ state, anchor, onClose }: Props) {
  const [wanted, setWanted] = useState("");
  const { columns } = state.data.value;
  const [pinned = [], rest = []] = arranged(columns, {
    pinned: state.get("pinned"),
    order: state.get("column_order"),
  });
  const word = wanted.trim().toLowerCase();
  const all = [...pinned, ...rest].filter((name) => name.toLowerCase().includes(word));
  const isShown = (name: string) => {
    if (state.get("hidden").includes(name)) return false;
    return !columns.get(name)?.blank || state.get("shown").includes(name);
  };
  const hidden = new Set(state.get("hidden"));
  const set = (names: string[], on: boolean) => {
    const changed = new Set(names);
    const blank = (name: string) => columns.get(name)?.blank === true;
    const kept = state.get("hidden").filter((name) => !changed.has(name));
    const asked = state.get("shown").filter((name) => !changed.has(name));
    state.set({
      hidden: on ? kept : [...kept, ...names],
      shown: on ? [...asked, ...names.filter(blank)] : asked,
    });
  };
  return (
    <Popover anchor={anchor} label="Columns" onClose={onClose}>
      <input
        class="ct-field"
        type="text"
        placeholder="Find a column"
        aria-label="Find a column"
        value={wanted}
        onInput={(event) => setWanted(event.currentTarget.value)}
      />
      <div class="ct-values ct-columns">
        {all.slice(0, LISTED).map((name) => (
          <label class="ct-value" key={name}>
            <input
              type="checkbox"
              checked={isShown(name)}
              onChange={(event) => set([name], event.currentTarget.checked)}
            />
            <Name column={columns.get(name)} />
          </label>
        ))}
        {all.length > LISTED && (
          <div class="ct-note">
            {(all.length - LISTED).toLocaleString("en-US")} more: search for them
          </div>
        )}
      </div>
      <div class="ct-row-of-buttons">
        <button type="button" class="ct-plain" onClick={() => set(all, true)}>
          Show {word ? "these" : "all"}
        </button>
        <button
          type="button"
          class="ct-plain"
          onClick={() =>
            set(
              all.filter((one) => !hidden.has(one)),
              false,
            )
          }
        >
          Hide {word ? "these" : "all"}
        </button>
        <button
          type="button"
          class="ct-plain"
          onClick={() =>
            state.set({
              hidden: [],
              shown: [],
              column_order: [],
              column_widths: {},
              pinned: ["number", "name"],
            })
          }
        >
          Reset
        </button>
      </div>
    </Popover>
  );
}

function Name({ column }: { column: Column | undefined }) {
  if (!column) return null;
  return (
    <>
      <span class="ct-value-text">{column.label === "#" ? "number" : column.label}</span>
      <span class="ct-option-hint">{column.group.replace(/s$/, "")}</span>
    </>
  );
}
