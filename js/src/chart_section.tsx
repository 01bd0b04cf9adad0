// The heading of a chart that is drawn when it is asked for; the twin of views/chart_section.py.
import type { Render } from "@anywidget/types";
import { render as mount } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Choice, groupsOf } from "./choices";
import { guardKeys } from "./keys";
import { Latest } from "./latest";
import { Rpc } from "./rpc";

type Chosen = Record<string, string>;

interface State {
  chosen: Chosen;
  opened: boolean;
  _title: string;
  _choices: string;
  _note: string;
  _said: string;
}

/** Milliseconds: forests over many runs take their time, and the kernel may be busy before. */
const PATIENCE = 600_000;

const render: Render<State> = ({ model, el }) => {
  const root = document.createElement("div");
  root.className = "celltrail celltrail-section";
  el.append(root);
  el.classList.add("celltrail-view");
  const freeKeys = guardKeys(root);
  const rpc = new Rpc(model as never);
  const draw = () =>
    mount(
      <Head
        title={model.get("_title")}
        choices={JSON.parse(model.get("_choices")) as Choice[]}
        chosen={model.get("chosen")}
        opened={model.get("opened")}
        note={model.get("_note")}
        said={model.get("_said")}
        onShow={(chosen) => rpc.ask("show", { chosen }, PATIENCE)}
        onHide={() => rpc.ask("hide")}
      />,
      root,
    );
  const names = ["chosen", "opened", "_note", "_said"].map((name) => `change:${name}`);
  for (const name of names) model.on(name, draw);
  draw();
  return () => {
    for (const name of names) model.off(name, draw);
    mount(null, root);
    freeKeys();
    rpc.dispose();
  };
};

interface Props {
  title: string;
  choices: readonly Choice[];
  chosen: Chosen;
  opened: boolean;
  note: string;
  said: string;
  onShow(chosen: Chosen): Promise<unknown>;
  onHide(): Promise<unknown>;
}

function Head({ title, choices, chosen, opened, note, said, onShow, onHide }: Props) {
  const [picked, setPicked] = useState(chosen);
  const [waiting, setWaiting] = useState(false);
  const [problem, setProblem] = useState("");
  useEffect(() => setPicked(chosen), [JSON.stringify(chosen)]);
  // Only the newest choice is drawn: a forest takes seconds.
  const wanted = useRef<(() => Promise<unknown>) | null>(null);
  const latest = useMemo(
    () =>
      new Latest(async (question: () => Promise<unknown>) => {
        setProblem("");
        try {
          await question();
        } catch (error) {
          setProblem(error instanceof Error ? error.message : String(error));
        }
        if (wanted.current === question) setWaiting(false); // else another one comes now
      }),
    [],
  );
  const ask = (question: () => Promise<unknown>) => {
    wanted.current = question;
    setWaiting(true);
    latest.want(question);
  };
  const pick = (name: string, value: string) => {
    const next = { ...picked, [name]: value };
    setPicked(next);
    ask(() => onShow(next));
  };
  const isOpen = opened || waiting || problem !== "";
  return (
    <section class="ct-section" aria-label={title} aria-busy={waiting}>
      <div class="ct-part ct-section-title">
        <span>{title}</span>
        {said && <span>{said}</span>}
        {isOpen &&
          choices.map((choice) => (
            <Select
              key={choice.name}
              choice={choice}
              value={picked[choice.name] ?? ""}
              onPick={(value) => pick(choice.name, value)}
            />
          ))}
        {!said && (
          <button
            type="button"
            class="ct-plain"
            aria-expanded={opened}
            disabled={waiting}
            onClick={() => ask(() => (opened ? onHide() : onShow(picked)))}
          >
            {waiting ? "Drawing\u2026" : opened ? "Hide" : "Show"}
          </button>
        )}
      </div>
      {problem && (
        <div class="ct-problem" role="alert">
          {problem}
        </div>
      )}
      {opened && !problem && note && <div class="ct-section-note">{note}</div>}
    </section>
  );
}

interface SelectProps {
  choice: Choice;
  value: string;
  onPick(value: string): void;
}

function Select({ choice, value, onPick }: SelectProps) {
  return (
    <label class="ct-section-choice">
      <span>{choice.label}</span>
      <select
        aria-label={choice.label}
        value={value}
        onChange={(event) => onPick(event.currentTarget.value)}
      >
        {groupsOf(choice).map(({ group, options }) => {
          const listed = options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ));
          return group ? (
            <optgroup key={group} label={group}>
              {listed}
            </optgroup>
          ) : (
            listed
          );
        })}
      </select>
    </label>
  );
}

export default { render };
