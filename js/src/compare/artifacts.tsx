// What was logged to the runs under the same names, side by side, with a slider over its steps.
import { useMemo, useState } from "preact/hooks";
import type { Rpc } from "../rpc";
import { NamedRow } from "./artifact_row";
import { Contents } from "./contents";
import type { ArtifactView, Head } from "./types";

interface Props {
  heads: readonly Head[];
  /** Of how many names there is anything. */
  count: number;
  selected: readonly string[];
  /** Whether there are too many runs for a column each. */
  wide: boolean;
  rpc: Rpc;
  onSelect(ids: string[]): void;
}

interface Listed {
  names: { name: string; kind: string; runs: number }[];
  steps: string[];
  notes: string[];
}

export function ArtifactComparison({ heads, count, selected, wide, rpc, onSelect }: Props) {
  const [listed, setListed] = useState<Listed | null>(null);
  const [opened, setOpened] = useState(false);
  const [problem, setProblem] = useState("");
  const [place, setPlace] = useState(0);
  const [only, setOnly] = useState(false);
  const contents = useMemo(() => new Contents<ArtifactView>(), []);
  const open = async () => {
    setOpened(true);
    setProblem("");
    try {
      const found = await rpc.ask<Listed>("artifacts");
      setListed(found);
      setPlace(Math.max(0, found.steps.length - 1));
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setOpened(false);
    }
  };
  const close = () => {
    setOpened(false);
    setListed(null);
  };
  const chosen = heads.filter((head) => selected.includes(head.id));
  const isPart = only && chosen.length > 0;
  const toggle = (id: string) =>
    onSelect(selected.includes(id) ? selected.filter((one) => one !== id) : [...selected, id]);
  const step = listed?.steps[place] ?? null;
  return (
    <section class="ct-cmp-part" aria-label="Artifacts">
      <div class="ct-part ct-cmp-title">
        <span>
          artifacts
          {listed ? "" : ` \u00b7 ${count.toLocaleString("en-US")} logged`}
        </span>
        <button
          type="button"
          class="ct-plain"
          aria-expanded={opened}
          onClick={() => (opened ? close() : void open())}
        >
          {opened ? "Hide" : "Show what was logged"}
        </button>
        {listed && chosen.length > 0 && chosen.length < heads.length && (
          <button type="button" class="ct-plain" aria-pressed={only} onClick={() => setOnly(!only)}>
            {only ? "All runs" : `Only the ${chosen.length} selected`}
          </button>
        )}
      </div>
      {problem && (
        <div class="ct-problem" role="alert">
          {problem}
        </div>
      )}
      {listed?.notes.map((note) => (
        <div class="ct-option-hint" key={note}>
          {note}
        </div>
      ))}
      {listed && listed.steps.length > 1 && (
        <StepSlider steps={listed.steps} place={place} onPlace={setPlace} />
      )}
      {listed && (
        <div class={`ct-art${wide ? " ct-art-many" : ""}`}>
          {listed.names.map(({ name, kind, runs }) => (
            <NamedRow
              key={name}
              name={name}
              kind={kind}
              heads={heads}
              shown={isPart ? chosen : heads}
              missing={heads.length - runs}
              step={step}
              selected={selected}
              wide={wide}
              rpc={rpc}
              contents={contents}
              onToggle={toggle}
            />
          ))}
        </div>
      )}
    </section>
  );
}

interface SliderProps {
  steps: readonly string[];
  place: number;
  onPlace(place: number): void;
}

/** One slider for all: arrows go by one step that was logged, Page Up and Down by a tenth. */
function StepSlider({ steps, place, onPlace }: SliderProps) {
  const step = steps[place] ?? "";
  return (
    <label class="ct-art-slider">
      <span>step</span>
      <input
        type="range"
        min={0}
        max={steps.length - 1}
        step={1}
        value={place}
        aria-label="Step"
        aria-valuetext={`step ${step}`}
        onInput={(event) => onPlace(Number(event.currentTarget.value))}
      />
      <output>{step}</output>
    </label>
  );
}
