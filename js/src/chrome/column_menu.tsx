// What can be done with one column: sort, filter by its values, group, colour, pin, hide.
import { useState } from "preact/hooks";
import { type Column, cellText } from "../columns";
import { aboutColumn, anyOf, clause, rangeOf, replaceColumn, replaceEnd } from "../filter/edit";
import { matches } from "../filter/evaluate";
import { literalAt } from "../filter/suggest";
import { type Literal, type Node, writeLiteral } from "../filter/tree";
import { categories } from "../table/spread";
import type { TableState } from "../table/state";
import { rowsOf } from "../table/view";
import { Popover } from "./popover";

interface Props {
  state: TableState;
  column: Column;
  anchor: HTMLElement;
  onClose(): void;
}

const LISTED = 200; // values that are listed; of more a text is searched for

export function ColumnMenu({ state, column, anchor, onClose }: Props) {
  const { name } = column;
  const pinned = state.get("pinned").includes(name);
  const grouped = state.get("group_by").includes(name);
  const coloured = state.get("coloured").includes(name);
  const curved = state.curved.value.has(name);
  const sort = state.sorts.value.find((one) => one.column === name);
  const act = (change: () => void) => () => {
    change();
    onClose();
  };
  const by = (descending: boolean) => act(() => state.sortBy([{ column: name, descending }]));
  return (
    <Popover anchor={anchor} label={`Column ${name}`} onClose={onClose}>
      <div class="ct-menu-title" title={name}>
        {name}
      </div>
      <Item sign="↑" text="Sort ascending" on={sort?.descending === false} onPick={by(false)} />
      <Item sign="↓" text="Sort descending" on={sort?.descending === true} onPick={by(true)} />
      <Filter state={state} column={column} />
      <hr />
      <Item text="Group by this" on={grouped} onPick={act(() => state.groupBy(name, !grouped))} />
      {column.numeric && (
        <Item
          text="Colour scale"
          on={coloured}
          onPick={act(() => {
            const others = state.get("coloured").filter((one) => one !== name);
            state.set({ coloured: coloured ? others : [...others, name] });
          })}
        />
      )}
      {column.steps && (
        <Item text="Curves" on={curved} onPick={act(() => state.showCurves([name], !curved))} />
      )}
      <Item text="Keep at the left" on={pinned} onPick={act(() => state.pin(name, !pinned))} />
      {name in state.get("column_widths") && (
        <Item text="Reset the width" onPick={act(() => state.resize(name, null))} />
      )}
      <Item text="Hide" onPick={act(() => state.hide(name))} />
    </Popover>
  );
}

interface ItemProps {
  text: string;
  sign?: string;
  on?: boolean;
  hint?: string;
  onPick(): void;
}

export function Item({ text, sign = "", on = false, hint = "", onPick }: ItemProps) {
  return (
    <button type="button" class="ct-item" aria-pressed={on} onClick={onPick}>
      <span class="ct-item-sign">{on ? "✓" : sign}</span>
      {text}
      {hint && <span class="ct-option-hint ct-item-hint">{hint}</span>}
    </button>
  );
}

function Filter({ state, column }: { state: TableState; column: Column }) {
  const { tree } = state.filter.value;
  const change = (...parts: Node[]) => state.filterBy(replaceColumn(tree, column.name, parts));
  const values = listed(column, everyRow(state));
  const isRange = column.numeric && column.kind !== "duration" && (!values || values.length > 6);
  return (
    <div class="ct-filter-part">
      {isRange || column.kind === "duration" ? (
        <Range state={state} column={column} />
      ) : values ? (
        <Values state={state} column={column} values={values} change={change} />
      ) : (
        <Contains column={column} state={state} change={change} />
      )}
      {aboutColumn(tree, column.name).length > 0 && (
        <button type="button" class="ct-plain" onClick={() => change()}>
          Clear this filter
        </button>
      )}
    </div>
  );
}

/** All runs, not only those that the filter leaves: what it hides is to be found again. */
function everyRow(state: TableState): Uint32Array {
  return rowsOf(null, state.data.value.ids.length);
}

interface PartProps {
  state: TableState;
  column: Column;
  change(...parts: Node[]): void;
}

function Range({ state, column }: Omit<PartProps, "change">) {
  const [low, high] = rangeOf(state.filter.value.tree, column.name);
  return (
    <div class="ct-range">
      <End state={state} column={column} end="low" label="At least" now={low} />
      <span>…</span>
      <End state={state} column={column} end="high" label="At most" now={high} />
    </div>
  );
}

interface EndProps extends Omit<PartProps, "change"> {
  end: "low" | "high";
  label: string;
  now: number | null;
}

function End({ state, column, end, label, now }: EndProps) {
  // what is typed stays, whatever is drawn anew meanwhile
  const [typed, setTyped] = useState<string | null>(null);
  const commit = () => {
    if (typed === null) return;
    const value = typed.trim() === "" || Number.isNaN(Number(typed)) ? null : Number(typed);
    setTyped(null);
    state.filterBy(replaceEnd(state.filter.value.tree, column.name, end, value));
  };
  return (
    <input
      class="ct-field"
      type="number"
      step="any"
      aria-label={label}
      placeholder={label.toLowerCase()}
      value={typed ?? now ?? ""}
      onInput={(event) => setTyped(event.currentTarget.value)}
      onChange={commit}
      onKeyDown={(event) => event.key === "Enter" && commit()}
    />
  );
}

interface Choice {
  /** Null stands for runs that have none. */
  literal: Literal | null;
  text: string;
  count: number;
  row: number;
}

const NONE = "(none)";

/** Lists the values of a column; null where they are too many, or not to be named by a filter. */
function listed(column: Column, rows: Uint32Array): Choice[] | null {
  if (column.name === "tags" || column.kind === "time" || column.kind === "duration") return null;
  if (!categories(column, rows, LISTED)) return null;
  const found = new Map<string, Choice>();
  for (const row of rows) {
    const isMissing = column.at(row) === null;
    const literal = isMissing ? null : literalAt(column, row);
    if (!isMissing && literal === null) return null;
    const key = literal === null ? "" : writeLiteral(literal);
    const known = found.get(key);
    if (known) known.count++;
    else {
      const text = isMissing ? NONE : cellText(column, row) || "(empty)";
      found.set(key, { literal, text, count: 1, row });
    }
  }
  const last = (one: Choice) => Number(one.literal === null);
  return [...found.values()].sort((a, b) => last(a) - last(b) || b.count - a.count);
}

function Values({ state, column, values, change }: PartProps & { values: Choice[] }) {
  const about = aboutColumn(state.filter.value.tree, column.name);
  const total = state.data.value.ids.length;
  const mask = about.length
    ? matches({ kind: "and", parts: about }, new Map([[column.name, column]]), total)
    : null;
  const holds = (one: Choice) => !mask || mask[one.row] === 1;
  const toggle = (one: Choice) => {
    const kept = values.filter((other) => holds(other) !== (other === one));
    if (kept.length === values.length || !kept.length) return change();
    const literals = kept.flatMap(({ literal }) => (literal === null ? [] : [literal]));
    change(anyOf(column.name, literals, kept.length > literals.length));
  };
  return (
    <fieldset class="ct-values" aria-label={`Values of ${column.name}`}>
      {values.map((one) => (
        <label class="ct-value" key={one.literal === null ? NONE : writeLiteral(one.literal)}>
          <input type="checkbox" checked={holds(one)} onChange={() => toggle(one)} />
          <span class="ct-value-text">{one.text}</span>
          <span class="ct-option-hint">{one.count.toLocaleString("en-US")}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Contains({ column, state, change }: PartProps) {
  const isTags = column.name === "tags";
  const [now] = aboutColumn(state.filter.value.tree, column.name);
  const known =
    now?.kind === "clause" && (now.op === "like" || now.op === "has") ? now.values[0] : "";
  const [text, setText] = useState(String(known).replace(/^%|%$/g, ""));
  const set = (value: string) => {
    setText(value);
    if (!value.trim()) return change();
    change(isTags ? clause("tags", "has", value) : clause(column.name, "like", `%${value}%`));
  };
  if (column.kind === "time") {
    return <div class="ct-note">Type a filter, such as {column.name} &gt; -7d</div>;
  }
  if (column.kind === "json" && !isTags) return null;
  return (
    <input
      class="ct-field"
      type="text"
      aria-label={isTags ? "Tag" : "Contains"}
      placeholder={isTags ? "has the tag" : "contains"}
      value={text}
      onInput={(event) => set(event.currentTarget.value)}
    />
  );
}
