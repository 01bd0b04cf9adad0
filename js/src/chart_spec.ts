// From what Python sends to what Vega-Lite draws: data as rows again, colours of the page.

interface Columnar {
  fields: string[];
  columns: unknown[][];
}

export type Spec = Record<string, unknown>;

function isColumnar(data: unknown): data is Columnar {
  return typeof data === "object" && data !== null && "fields" in data && "columns" in data;
}

/** Reads a specification whose datasets are columns; the twin of chart_spec in views/chart.py. */
export function readSpec(text: string): Spec {
  const spec = JSON.parse(text) as Spec;
  const datasets: Record<string, unknown> = {};
  for (const [name, data] of Object.entries((spec.datasets as Spec | undefined) ?? {})) {
    datasets[name] = isColumnar(data) ? rowsOf(data) : data;
  }
  return { ...spec, datasets };
}

function rowsOf({ fields, columns }: Columnar): Record<string, unknown>[] {
  const count = columns[0]?.length ?? 0;
  return Array.from({ length: count }, (_, row) =>
    Object.fromEntries(fields.map((field, index) => [field, columns[index]?.[row] ?? null])),
  );
}

export interface Colors {
  text: string;
  faint: string;
  font: string;
}

/** Gives the Vega-Lite config that makes a chart part of the page. */
export function configFor({ text, faint, font }: Colors): Spec {
  const line = "rgba(128,128,128,0.22)";
  return {
    background: null,
    font,
    view: { stroke: null },
    axis: {
      labelColor: faint,
      titleColor: faint,
      titleFontWeight: "normal",
      titleFontSize: 11,
      labelFontSize: 11,
      titlePadding: 8,
      labelPadding: 6,
      gridColor: line,
      domain: false,
      ticks: false,
    },
    axisX: {
      grid: false,
      ticks: true,
      tickColor: line,
      tickSize: 4,
      domain: true,
      domainColor: line,
      labelFlush: false,
    },
    legend: {
      labelColor: text,
      titleColor: faint,
      labelFontSize: 12,
      rowPadding: 4,
      symbolStrokeWidth: 2.5,
      offset: 20,
    },
    title: {
      color: text,
      subtitleColor: faint,
      fontSize: 13,
      subtitleFontSize: 11,
      fontWeight: 600,
      anchor: "start",
      frame: "group",
      offset: 12,
    },
    header: {
      labelColor: text,
      titleColor: faint,
      labelFontSize: 12,
      labelFontWeight: 600,
      labelAnchor: "start",
    },
  };
}
