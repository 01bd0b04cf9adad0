// One name under which something was logged: what each run shows of it at a step.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Latest } from "../latest";
import type { Rpc } from "../rpc";
import { ArtifactShown } from "./artifact_shown";
import type { Contents } from "./contents";
import { useSeen } from "./seen";
import type { ArtifactAt, ArtifactView, Head } from "./types";

interface Props {
  name: string;
  kind: string;
  heads: readonly Head[];
  /** Those of the runs that have a place. */
  shown: readonly Head[];
  /** How many runs have nothing of this name. */
  missing: number;
  step: string | null;
  selected: readonly string[];
  wide: boolean;
  rpc: Rpc;
  contents: Contents<ArtifactView>;
  onToggle(id: string): void;
}

export function NamedRow(props: Props) {
  const { name, kind, heads, shown, missing, step, selected, wide, rpc, contents } = props;
  const root = useRef<HTMLElement>(null);
  const seen = useSeen(root);
  const [found, setFound] = useState<(ArtifactAt | null)[] | null>(null);
  const [problem, setProblem] = useState("");
  const [draw, setDraw] = useState(false);
  const [drawable, setDrawable] = useState(false);
  const latest = useMemo(
    () =>
      new Latest<string | null>(async (wanted) => {
        try {
          setFound(await rpc.ask("artifacts_at", { name, step: wanted }));
          setProblem("");
        } catch (error) {
          setProblem(error instanceof Error ? error.message : String(error));
        }
      }),
    [name, rpc],
  );
  useEffect(() => {
    if (seen) latest.want(step);
  }, [seen, step, latest]);
  useEffect(() => () => latest.forget(), [latest]);
  const places = new Map(heads.map((head, place) => [head.id, place]));
  // Of many runs those without it would only be holes.
  const cells = shown
    .map((head) => ({ head, at: found?.[places.get(head.id) ?? -1] ?? null }))
    .filter(({ at }) => !wide || at);
  return (
    <section class="ct-art-row" aria-label={name} ref={root}>
      <div class="ct-art-name">
        <b title={name}>{name}</b>
        <span>{kind}</span>
        {missing > 0 && (
          <span>{`${missing.toLocaleString("en-US")} of ${heads.length} runs have none`}</span>
        )}
        {drawable && !draw && (
          <button type="button" class="ct-plain" onClick={() => setDraw(true)}>
            Draw
          </button>
        )}
      </div>
      {problem && (
        <div class="ct-problem" role="alert">
          {problem}
        </div>
      )}
      <div class="ct-art-cells" style={{ "--ct-count": shown.length }}>
        {found &&
          cells.map(({ head, at }) => (
            <Cell
              key={head.id}
              head={head}
              name={name}
              at={at}
              chosen={selected.includes(head.id)}
              draw={draw}
              rpc={rpc}
              contents={contents}
              onToggle={props.onToggle}
              onDrawable={setDrawable}
            />
          ))}
      </div>
    </section>
  );
}

interface CellProps {
  head: Head;
  name: string;
  at: ArtifactAt | null;
  chosen: boolean;
  draw: boolean;
  rpc: Rpc;
  contents: Contents<ArtifactView>;
  onToggle(id: string): void;
  onDrawable(can: boolean): void;
}

interface Loaded {
  at: ArtifactAt;
  view: ArtifactView | null;
  problem: string;
}

/** What one run shows. Its step is that of what is seen, also while another one is on its way. */
function Cell({ head, name, at, chosen, draw, rpc, contents, onToggle, onDrawable }: CellProps) {
  const root = useRef<HTMLElement>(null);
  const seen = useSeen(root);
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const latest = useMemo(
    () =>
      new Latest<{ at: ArtifactAt; draw: boolean }>(async ({ at, draw }) => {
        const asked = { id: head.id, name, step: at.step, draw };
        try {
          const view = await contents.get(`${draw} ${at.key}`, () => rpc.ask("artifact", asked));
          if (view.can_draw) onDrawable(true);
          setLoaded({ at, view, problem: "" });
        } catch (error) {
          const problem = error instanceof Error ? error.message : String(error);
          setLoaded({ at, view: null, problem });
        }
      }),
    [head.id, name, rpc, contents, onDrawable],
  );
  useEffect(() => {
    if (!at?.key) latest.forget();
    else if (seen) latest.want({ at, draw });
  }, [seen, at?.key, at?.step, draw, latest]);
  useEffect(() => () => latest.forget(), [latest]);
  const isThere = at !== null && at.key !== "";
  const shown = isThere ? loaded : null;
  const step = shown?.at.step ?? null;
  return (
    <figure class={`ct-art-cell${chosen ? " ct-art-chosen" : ""}`} ref={root}>
      <figcaption>
        <button
          type="button"
          class="ct-art-run"
          aria-pressed={chosen}
          title={head.label}
          onClick={() => onToggle(head.id)}
        >
          <span class="ct-dot" data-status={head.status} title={head.status} />
          {head.label}
        </button>
        {step !== null && <span class="ct-art-step">{`step ${step}`}</span>}
      </figcaption>
      {!isThere && <div class="ct-art-none">{"\u2013"}</div>}
      {shown?.problem && <div class="ct-problem">{shown.problem}</div>}
      {shown?.view && <ArtifactShown view={shown.view} />}
    </figure>
  );
}
