// What can be done with one column: sort, filter by its values, group, colour, pin, hide.
import { useState } from "preact/hooks";
import type { Column } from "../columns";
import { aboutColumn, choiceOf, clause, rangeOf, replaceColumn } from "../filter/edit";
import { literalAt } from "../filter/suggest";
import { type Literal, type Node, writeLiteral } from "../filter/tree";
import { type Categories, categories } from "../table/spread";
import type { TableState } from "../table/state";
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
  onPick(): void;
}

export function Item({ text, sign = "", on = false, onPick }: ItemProps) {
  return (
    <button type="button" class="ct-item" aria-pressed={on} onClick={onPick}>
      <span class="ct-item-sign">{on ? "✓" : sign}</span>
      {text}
    </button>
  );
}

function Filter({ state, column }: { state: TableState; column: Column }) {
  const change = (...parts: Node[]) => {
    state.filterBy(replaceColumn(state.filter.value.tree, column.name, parts));
  };
  const about = aboutColumn(state.filter.value.tree, column.name);
  const found =
    column.name === "tags" || column.kind === "time" || column.kind === "duration"
      ? null
      : categories(column, everyRow(state), column.numeric ? 12 : LISTED);
  const isRange = column.numeric && (!found || found.top.length + found.others > 6);
  return (
    <div class="ct-filter-part">
      {isRange ? (
        <Range state={state} column={column} change={change} />
      ) : found ? (
        <Values state={state} column={column} found={found} change={change} />
      ) : (
        <Contains column={column} state={state} change={change} />
      )}
      {about.length > 0 && (
        <button type="button" class="ct-plain" onClick={() => change()}>
          Clear this filter
        </button>
      )}
    </div>
  );
}

interface PartProps {
  state: TableState;
  column: Column;
  change(...parts: Node[]): void;
}

/** All runs, not only those that the filter leaves: what it hides is to be found again. */
function everyRow(state: TableState): Uint32Array {
  return Uint32Array.from({ length: state.data.value.ids.length }, (_, row) => row);
}

function Range({ state, column, change }: PartProps) {
  const [low, high] = rangeOf(state.filter.value.tree, column.name);
  const set = (a: number | null, b: number | null) => {
    const parts: Node[] = [];
    if (a !== null) parts.push(clause(column.name, ">=", a));
    if (b !== null) parts.push(clause(column.name, "<=", b));
    change(...parts);
  };
  const read = (text: string) => (text.trim() && !Number.isNaN(Number(text)) ? Number(text) : null);
  return (
    <div class="ct-range">
      <input
        class="ct-field"
        type="number"
        step="any"
        aria-label="At least"
        placeholder="at least"
        value={low ?? ""}
        onChange={(event) => set(read(event.currentTarget.value), high)}
      />
      <span>…</span>
      <input
        class="ct-field"
        type="number"
        step="any"
        aria-label="At most"
        placeholder="at most"
        value={high ?? ""}
        onChange={(event) => set(low, read(event.currentTarget.value))}
      />
    </div>
  );
}

function Values({ state, column, found, change }: PartProps & { found: Categories }) {
  const rows = everyRow(state);
  const all = valuesOf(column, rows);
  const choice = choiceOf(state.filter.value.tree, column.name);
  const named = new Set(choice?.values.map(writeLiteral) ?? []);
  const holds = (literal: Literal) =>
    !choice || named.has(writeLiteral(literal)) !== choice.without;
  const toggle = (literal: Literal) => {
    const kept = all.filter((one) =>
      writeLiteral(one.literal) === writeLiteral(literal) ? !holds(literal) : holds(one.literal),
    );
    if (kept.length === all.length || !kept.length) return change();
    const values = kept.map((one) => one.literal);
    const [only] = values;
    change(
      values.length === 1 && only !== undefined
        ? clause(column.name, "=", only)
        : clause(column.name, "in", ...values),
    );
  };
  return (
    <fieldset class="ct-values" aria-label={`Values of ${column.name}`}>
      {all.map(({ text, literal, count }) => (
        <label class="ct-value" key={writeLiteral(literal)}>
          <input type="checkbox" checked={holds(literal)} onChange={() => toggle(literal)} />
          <span class="ct-value-text">{text || "(empty)"}</span>
          <span class="ct-option-hint">{count.toLocaleString("en-US")}</span>
        </label>
      ))}
      {found.missing > 0 && (
        <div class="ct-note">{found.missing.toLocaleString("en-US")} runs have none</div>
      )}
    </fieldset>
  );
}

function valuesOf(column: Column, rows: Uint32Array) {
  const found = new Map<string, { text: string; literal: Literal; count: number }>();
  for (const row of rows) {
    if (column.at(row) === null) continue;
    const literal = literalAt(column, row);
    const key = writeLiteral(literal);
    const known = found.get(key);
    if (known) known.count++;
    else
      found.set(key, {
        text: String(typeof literal === "object" ? "" : literal),
        literal,
        count: 1,
      });
  }
  return [...found.values()].sort((a, b) => b.count - a.count);
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
  if (column.kind === "time" || column.kind === "duration") {
    return (
      <div class="ct-note">
        {column.kind === "time" ? "Filter: started > -7d" : "Filter: duration > 60"}
      </div>
    );
  }
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
