// What two runs showed, side by side; asked for when somebody wants to see it.
import { useState } from "preact/hooks";
import { type Output, Shown } from "../chrome/shown";
import type { Rpc } from "../rpc";
import type { Head } from "./types";

interface Props {
  heads: readonly Head[];
  pair: [number, number];
  rpc: Rpc;
}

export function OutputComparison({ heads, pair, rpc }: Props) {
  const [found, setFound] = useState<Output[][] | null>(null);
  const [problem, setProblem] = useState("");
  const [asked, setAsked] = useState(false);
  const open = async () => {
    setAsked(true);
    setProblem("");
    try {
      const ids = pair.map((place) => heads[place]?.id);
      setFound(await Promise.all(ids.map((id) => rpc.ask<Output[]>("outputs", { id }))));
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setAsked(false);
    }
  };
  return (
    <section class="ct-cmp-part" aria-label="Outputs">
      <div class="ct-part ct-cmp-title">
        <span>outputs</span>
        {!asked && (
          <button type="button" class="ct-plain" onClick={() => void open()}>
            Show what they showed
          </button>
        )}
      </div>
      {problem && (
        <div class="ct-problem" role="alert">
          {problem}
        </div>
      )}
      {found && (
        <div class="ct-cmp-outputs">
          {found.map((outputs, side) => (
            <div class="ct-cmp-output" key={side}>
              <div class="ct-part">{heads[pair[side] ?? 0]?.label}</div>
              {outputs.length === 0 && <div class="ct-note">It showed nothing.</div>}
              {outputs.map((output, index) => (
                <Shown key={index} output={output} />
              ))}
            </div>
          ))}
        </div>
      )}
    </section>
  );
}
