// Params, metrics, data and environment: one row each, one column for each run.
import type { ComparedRow, Head } from "./types";

interface Props {
  heads: readonly Head[];
  rows: readonly ComparedRow[];
  selected: readonly string[];
  /** Whether also what is the same in all runs is shown. */
  all: boolean;
  wide: boolean;
  onAll(): void;
  onSelect(ids: string[]): void;
}

const GROUPS = ["params", "metrics", "data", "environment"];

export function Rows({ heads, rows, selected, all, wide, onAll, onSelect }: Props) {
  const groups = wide ? GROUPS.slice(2) : GROUPS;
  const mine = rows.filter((row) => groups.includes(row.group));
  const same = mine.filter((row) => !row.differs).length;
  const toggle = (id: string) =>
    onSelect(selected.includes(id) ? selected.filter((one) => one !== id) : [...selected, id]);
  return (
    <>
      <div class="ct-cmp-scroll">
        <table class="ct-cmp">
          <thead>
            <tr>
              <th />
              {heads.map((head) => (
                <th
                  key={head.id}
                  class={`ct-cmp-run${selected.includes(head.id) ? " ct-cmp-chosen" : ""}`}
                >
                  <button
                    type="button"
                    class="ct-cmp-name"
                    aria-pressed={selected.includes(head.id)}
                    title={head.error || head.label}
                    onClick={() => toggle(head.id)}
                  >
                    <span class="ct-dot" data-status={head.status} title={head.status} />
                    {head.label}
                  </button>
                  <div class="ct-cmp-when">
                    {[head.started, head.duration].filter((text) => text).join(" \u00b7 ")}
                  </div>
                </th>
              ))}
            </tr>
          </thead>
          {groups.map((group) => (
            <Group
              key={group}
              name={group}
              rows={mine.filter((row) => row.group === group)}
              count={heads.length}
              all={all}
            />
          ))}
        </table>
      </div>
      {same > 0 && (
        <button type="button" class="ct-plain ct-cmp-more" aria-expanded={all} onClick={onAll}>
          {all ? "Hide" : "Show"} {same.toLocaleString("en-US")} that {same === 1 ? "is" : "are"}{" "}
          the same
        </button>
      )}
    </>
  );
}

interface GroupProps {
  name: string;
  rows: readonly ComparedRow[];
  count: number;
  all: boolean;
}

function Group({ name, rows, count, all }: GroupProps) {
  if (!rows.length) return null;
  const differing = rows.filter((row) => row.differs);
  const shown = all ? rows : differing;
  return (
    <tbody>
      <tr>
        <th class="ct-cmp-group" colSpan={count + 1}>
          <span>
            {name}
            {" \u00b7 "}
            {differing.length
              ? `${differing.length} of ${rows.length} differ`
              : rows.length === 1
                ? "the same"
                : `all ${rows.length} the same`}
          </span>
        </th>
      </tr>
      {shown.map((row) => (
        <Line key={row.name} row={row} />
      ))}
    </tbody>
  );
}

function Line({ row }: { row: ComparedRow }) {
  const isNumber = row.group === "metrics";
  const best = row.best.length > 1 && row.seeds ? "among the best, seeds allowed for" : "the best";
  return (
    <tr class={row.differs ? "" : "ct-cmp-same"}>
      <th title={row.name}>
        {row.name}
        {row.unit && <span class="ct-faint"> {row.unit}</span>}
        {row.is_unsure && (
          <span class="ct-faint" title={`no more than seeds alone explain: ${row.seeds}`}>
            {" \u2248"}
          </span>
        )}
      </th>
      {row.texts.map((text, place) => {
        const isChanged = row.differs && !isNumber && place > 0 && text !== row.texts[0];
        const isBest = row.best.includes(place);
        const name = `${isNumber ? "ct-number" : ""}${isChanged ? " ct-changed" : ""}`;
        return (
          <td key={place} class={name} title={isBest ? best : undefined}>
            {isNumber && row.change[place] && <span class="ct-delta">{row.change[place]}</span>}
            {text === null ? (
              <span class="ct-faint">{"\u2013"}</span>
            ) : isBest ? (
              <b class="ct-best">{text}</b>
            ) : (
              text
            )}
          </td>
        );
      })}
    </tr>
  );
}
