// From what Python sends to what Vega-Lite draws: data as rows again, colours of the page.
import { isPacked, rowsOf } from "./chart_data";

export type Spec = Record<string, unknown>;

/** Reads a specification whose data are packed; the twin of chart_spec in views/chart.py. */
export function readSpec(text: string, bytes: Uint8Array<ArrayBuffer> = new Uint8Array()): Spec {
  const spec = JSON.parse(text) as Spec;
  const datasets: Record<string, unknown> = {};
  for (const [name, data] of Object.entries((spec.datasets as Spec | undefined) ?? {})) {
    datasets[name] = isPacked(data) ? rowsOf(data, bytes) : data;
  }
  return { ...spec, datasets };
}

// What stands beside the panels of curves, and beside each of them, in pixels.
const LEGEND = 150;
const AXIS = 66;
const NARROWEST = 200;

/** Makes room: fewer panels side by side, and narrower ones, where Python says that it may be. */
export function fitted(spec: Spec, room: number): Spec {
  const usual = (spec.usermeta as { celltrail?: { width?: number } } | undefined)?.celltrail?.width;
  if (!usual || room <= 0) return spec;
  const space = room - LEGEND;
  const width = Math.max(NARROWEST, Math.min(usual, Math.floor(space - AXIS)));
  const narrowed = (panel: Spec) => (panel.width === usual ? { ...panel, width } : panel);
  if (!Array.isArray(spec.concat)) return narrowed(spec);
  const beside = Math.max(1, Math.floor(space / (usual + AXIS)));
  const columns = Math.min(Number(spec.columns), beside);
  return { ...spec, columns, concat: columns > 1 ? spec.concat : spec.concat.map(narrowed) };
}

/** Ten hues that are told apart with the common colour blindnesses; PALETTE in theme.py. */
const PALETTE = [
  "#3b82d6",
  "#e08a1e",
  "#2fa37a",
  "#d1557b",
  "#8668d1",
  "#8a9a2b",
  "#27a3b8",
  "#b5703c",
  "#d45d4c",
  "#7f8792",
];

export interface Colors {
  text: string;
  faint: string;
  font: string;
}

/** Gives the Vega-Lite config that makes a chart part of the page; vega_config in theme.py. */
export function configFor({ text, faint, font }: Colors): Spec {
  const line = "rgba(128,128,128,0.22)";
  return {
    background: null,
    font,
    view: { stroke: null },
    range: { category: PALETTE },
    scale: { invalid: { color: { value: PALETTE.at(-1) } } },
    mark: { color: PALETTE[0] },
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
      titleFontWeight: "normal",
      titleFontSize: 11,
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
