// Runs side by side; the twin of views/compare.py.
import type { Render } from "@anywidget/types";
import { render as mount } from "preact";
import { useState } from "preact/hooks";
import { ArtifactComparison } from "./compare/artifacts";
import { CodeComparison } from "./compare/code";
import { OutputComparison } from "./compare/outputs";
import { Rows } from "./compare/rows";
import type { Compared } from "./compare/types";
import { guardKeys } from "./keys";
import { Rpc } from "./rpc";
import { hideSnapshot } from "./snapshot";

interface State {
  selected_ids: string[];
  pair: string[];
  _rows: string;
  _mark: string;
}

const render: Render<State> = ({ model, el }) => {
  const root = document.createElement("div");
  root.className = "celltrail celltrail-compare";
  el.append(root);
  el.classList.add("celltrail-view");
  const freeKeys = guardKeys(root);
  const rpc = new Rpc(model as never);
  const set = <K extends "selected_ids" | "pair">(name: K, value: string[]) => {
    model.set(name, value);
    model.save_changes();
    draw();
  };

  const draw = () => {
    const data = JSON.parse(model.get("_rows")) as Compared;
    mount(
      <View
        data={data}
        selected={model.get("selected_ids")}
        pair={pairOf(data, model.get("pair"))}
        rpc={rpc}
        onSelect={(ids) => set("selected_ids", ids)}
        onPair={(ids) => set("pair", ids)}
      />,
      root,
    );
  };

  const names = ["change:_rows", "change:selected_ids", "change:pair"];
  for (const name of names) model.on(name, draw);
  draw();
  const show = hideSnapshot(model.get("_mark"));
  return () => {
    for (const name of names) model.off(name, draw);
    mount(null, root);
    freeKeys();
    rpc.dispose();
    show();
  };
};

/** The two runs whose code and outputs stand side by side: places among the runs. */
function pairOf({ heads }: Compared, ids: readonly string[]): [number, number] {
  const place = (id: string | undefined, otherwise: number) => {
    const found = heads.findIndex((head) => head.id === id);
    return found < 0 ? Math.min(otherwise, heads.length - 1) : found;
  };
  return [place(ids[0], 0), place(ids[1], 1)];
}

interface ViewProps {
  data: Compared;
  selected: readonly string[];
  pair: [number, number];
  rpc: Rpc;
  onSelect(ids: string[]): void;
  onPair(ids: string[]): void;
}

function View({ data, selected, pair, rpc, onSelect, onPair }: ViewProps) {
  const [all, setAll] = useState(false);
  const { heads, notes, rows, sources } = data;
  if (!heads.length) return <div class="ct-cmp-empty">There are no runs to compare.</div>;
  const [left, right] = pair;
  const id = (place: number) => heads[place]?.id ?? "";
  return (
    <>
      {notes.map((note) => (
        <div class="ct-cmp-note" key={note}>
          {note}
        </div>
      ))}
      <Rows
        heads={heads}
        rows={rows}
        selected={selected}
        all={all}
        wide={data.wide}
        onAll={() => setAll(!all)}
        onSelect={onSelect}
      />
      {heads.length > 1 && (
        <CodeComparison
          heads={heads}
          sources={sources}
          pair={pair}
          onPair={(a, b) => onPair([id(a), id(b)])}
        />
      )}
      {heads.length > 1 && (
        <OutputComparison key={`${id(left)} ${id(right)}`} heads={heads} pair={pair} rpc={rpc} />
      )}
      {data.artifacts > 0 && (
        <ArtifactComparison
          heads={heads}
          count={data.artifacts}
          selected={selected}
          wide={data.wide}
          rpc={rpc}
          onSelect={onSelect}
        />
      )}
    </>
  );
}

export default { render };
