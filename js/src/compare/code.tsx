// The code of two runs, side by side.
import { useMemo, useState } from "preact/hooks";
import { codeDiff, folded, type Line, type Stretch } from "../code_diff";
import { plural } from "../format";
import type { Head } from "./types";

interface Props {
  heads: readonly Head[];
  sources: readonly string[];
  pair: [number, number];
  onPair(left: number, right: number): void;
}

export function CodeComparison({ heads, sources, pair, onPair }: Props) {
  const [left, right] = pair;
  const isOne = new Set(sources).size === 1;
  return (
    <section class="ct-cmp-part" aria-label="Code">
      <div class="ct-part ct-cmp-title">
        <span>code{isOne ? ` \u00b7 the same in ${heads.length === 2 ? "both" : "all"}` : ""}</span>
        {heads.length > 2 && (
          <span class="ct-cmp-pair">
            <Choice label="Left" heads={heads} place={left} onPick={(a) => onPair(a, right)} />
            <Choice label="Right" heads={heads} place={right} onPick={(b) => onPair(left, b)} />
          </span>
        )}
      </div>
      {!isOne && <Diff before={sources[left] ?? ""} after={sources[right] ?? ""} />}
    </section>
  );
}

interface ChoiceProps {
  label: string;
  heads: readonly Head[];
  place: number;
  onPick(place: number): void;
}

function Choice({ label, heads, place, onPick }: ChoiceProps) {
  return (
    <select
      class="ct-cmp-choice"
      aria-label={label}
      value={String(place)}
      onChange={(event) => onPick(Number(event.currentTarget.value))}
    >
      {heads.map((head, index) => (
        <option key={head.id} value={String(index)}>
          {head.label}
        </option>
      ))}
    </select>
  );
}

function Diff({ before, after }: { before: string; after: string }) {
  const rows = useMemo(() => codeDiff(before, after), [before, after]);
  if (rows.every((row) => row.same)) return <div class="ct-note">These two are the same.</div>;
  return (
    <div class="ct-diff">
      {folded(rows).map((stretch, index) => (
        <Stretched key={index} stretch={stretch} />
      ))}
    </div>
  );
}

function Stretched({ stretch }: { stretch: Stretch }) {
  const [open, setOpen] = useState(!stretch.folded);
  if (!open) {
    return (
      <button type="button" class="ct-plain ct-diff-fold" onClick={() => setOpen(true)}>
        {plural(stretch.rows.length, "line")} the same
      </button>
    );
  }
  return (
    <>
      {stretch.rows.map((row, index) => (
        <div class="ct-diff-row" key={index}>
          <Side line={row.left} kind={row.same ? "" : "ct-removed"} />
          <Side line={row.right} kind={row.same ? "" : "ct-added"} />
        </div>
      ))}
    </>
  );
}

function Side({ line, kind }: { line: Line | null; kind: string }) {
  if (!line) return <div class="ct-diff-side ct-diff-none" />;
  return (
    <div class={`ct-diff-side ${kind}`}>
      <span class="ct-diff-number">{line.number}</span>
      <code>
        {line.marks.map((mark, index) =>
          mark.changed ? <mark key={index}>{mark.text}</mark> : mark.text,
        )}
      </code>
    </div>
  );
}
