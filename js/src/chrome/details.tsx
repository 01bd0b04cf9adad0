// All that is known of one run, below the table; the twin of views/details.py.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { highlight } from "./highlight";
import type { Services } from "./more_menu";
import { type Said, SaidOf } from "./said";
import { type Output, Shown } from "./shown";

interface Row {
  name: string;
  value: string;
  reason?: string;
  min?: string;
  max?: string;
  count?: string;
  columns?: string;
}

export interface RunDetails {
  title: string;
  status: string;
  said: Said;
  facts: [string, string][];
  error: string | null;
  params: Row[];
  metrics: Row[];
  source: string;
  outputs: Output[];
  data: Row[];
  environment: { facts: [string, string][]; packages: string[] };
}

interface Props {
  id: string;
  services: Services;
  onClose(): void;
}

export function Details({ id, services, onClose }: Props) {
  const { python } = services;
  const [found, setFound] = useState<RunDetails | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    let current = true;
    setProblem("");
    setFound(null);
    services.details(id).then(
      (details) => current && setFound(details),
      (error) => current && setProblem(error instanceof Error ? error.message : String(error)),
    );
    return () => {
      current = false;
    };
  }, [id, services]);
  return (
    <section class="ct-details" aria-label="Details of a run">
      <header class="ct-details-head">
        <span class="ct-dot" data-status={found?.status} />
        <b class="ct-details-title">{found?.title ?? "…"}</b>
        <span class="ct-option-hint">{found?.status}</span>
        <button
          type="button"
          class="ct-plain ct-details-close"
          aria-label="Close"
          onClick={onClose}
        >
          ×
        </button>
      </header>
      {problem && (
        <div class="ct-problem" role="alert">
          {problem}
        </div>
      )}
      {found && (
        <SaidOf
          key={id}
          said={found.said}
          onChange={python && (async (said) => setFound(await python.edit(id, said)))}
        />
      )}
      {found && <Body found={found} />}
    </section>
  );
}

function Body({ found }: { found: RunDetails }) {
  const { environment } = found;
  return (
    <div class="ct-details-body">
      <div class="ct-details-side">
        <Pairs rows={found.facts} />
        <Rows title="params" rows={found.params} />
        <Metrics rows={found.metrics} />
        <Rows title="data" rows={found.data} />
        <Part title="environment" empty={!environment.facts.length}>
          <Pairs rows={environment.facts} />
          {environment.packages.length > 0 && (
            <details>
              <summary>{environment.packages.length} packages</summary>
              <div class="ct-packages">{environment.packages.join(", ")}</div>
            </details>
          )}
        </Part>
      </div>
      <div class="ct-details-main">
        {found.error && <pre class="ct-code ct-error">{found.error}</pre>}
        <Part title="code" empty={!found.source}>
          <Code text={found.source} />
        </Part>
        <Part title="outputs" empty={!found.outputs.length}>
          {found.outputs.map((output, index) => (
            <Shown key={index} output={output} />
          ))}
        </Part>
      </div>
    </div>
  );
}

interface PartProps {
  title: string;
  empty: boolean;
  children: ComponentChildren;
}

function Part({ title, empty, children }: PartProps) {
  if (empty) return null;
  return (
    <>
      <div class="ct-part">{title}</div>
      {children}
    </>
  );
}

function Pairs({ rows }: { rows: [string, string][] }) {
  return (
    <table class="ct-facts">
      <tbody>
        {rows.map(([name, value]) => (
          <tr key={name}>
            <th>{name}</th>
            <td>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Rows({ title, rows }: { title: string; rows: Row[] }) {
  return (
    <Part title={title} empty={!rows.length}>
      <table class="ct-facts">
        <tbody>
          {rows.map((row) => (
            <tr key={row.name}>
              <th>{row.name}</th>
              <td>
                {row.value}
                {(row.reason || row.columns) && (
                  <span class="ct-reason">{row.reason || row.columns}</span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Part>
  );
}

function Metrics({ rows }: { rows: Row[] }) {
  return (
    <Part title="metrics" empty={!rows.length}>
      <table class="ct-facts ct-metrics">
        <thead>
          <tr>
            <th />
            <th>last</th>
            <th>min</th>
            <th>max</th>
            <th>n</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.name} title={row.reason}>
              <th>{row.name}</th>
              <td>{row.value}</td>
              <td>{row.min}</td>
              <td>{row.max}</td>
              <td>{row.count}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Part>
  );
}

/** Python in colours. */
export function Code({ text }: { text: string }) {
  return (
    <pre class="ct-code">
      {highlight(text).map((piece, index) =>
        piece.kind === "plain" ? (
          piece.text
        ) : (
          <span key={index} class={`ct-code-${piece.kind}`}>
            {piece.text}
          </span>
        ),
      )}
    </pre>
  );
}
