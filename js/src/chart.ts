// Draws an Altair chart; the twin of views/chart.py.
import type { AnyModel, Render } from "@anywidget/types";
import type { VisualizationSpec } from "vega-embed";
import { gunzip } from "./chart_data";
import { followGrowth } from "./chart_grow";
import { followSelection, runDatasets, withSelection } from "./chart_select";
import { configFor, fitted, readSpec } from "./chart_spec";
import { followZoom } from "./chart_zoom";
import { Rpc } from "./rpc";
import { hideSnapshot } from "./snapshot";
import { stay, tell } from "./stay";
import { onThemeChange } from "./theme";
import { type Drawn, loadVega } from "./vega_loader";

interface State {
  _spec: string;
  _data: DataView;
  _mark: string;
}

const OPTIONS = {
  mode: "vega-lite",
  renderer: "canvas",
  // no link to the online editor: nothing leaves the page
  actions: { export: true, source: false, compiled: false, editor: false },
};

function colorsOf(element: HTMLElement) {
  const style = getComputedStyle(element);
  const faint = element.querySelector(".celltrail-chart-faint");
  return {
    text: style.color,
    faint: faint ? getComputedStyle(faint).color : style.color,
    font: style.fontFamily,
  };
}

/** Says how panels stand: what `fitted` changes. */
function layoutOf(spec: object): string {
  const { columns, width, concat } = spec as {
    columns?: number;
    width?: number;
    concat?: object[];
  };
  return `${columns} ${width} ${concat?.map((panel) => (panel as { width?: number }).width)}`;
}

const render: Render<State> = ({ model, el }) => {
  const root = document.createElement("div");
  root.className = "celltrail-chart";
  const probe = document.createElement("span");
  probe.className = "celltrail-chart-faint";
  const canvas = document.createElement("div");
  root.append(probe, canvas);
  el.append(root);
  el.classList.add("celltrail-view");

  const channel = model as unknown as AnyModel;
  const rpc = new Rpc(channel);
  let stopZoom: (() => void) | null = null;
  let stopSelection: (() => void) | null = null;
  let drawn: Drawn | null = null;
  let show: (() => void) | null = null;
  let gone = false;
  let turn = 0;
  let layout = "";

  const draw = async () => {
    const mine = ++turn;
    try {
      const vega = await loadVega(channel);
      const bytes = await gunzip(model.get("_data"));
      if (gone || mine !== turn) return;
      const read = readSpec(model.get("_spec"), bytes);
      const ofRuns = runDatasets(read);
      const whole = ofRuns.length ? withSelection(read) : read;
      const spec = fitted(whole, root.clientWidth) as VisualizationSpec;
      layout = layoutOf(spec);
      const stage = document.createElement("div");
      canvas.append(stage);
      const next = await vega.embed(stage, spec, { ...OPTIONS, config: configFor(colorsOf(root)) });
      stage.querySelector("summary")?.setAttribute("aria-label", "Save or view this chart");
      if (gone || mine !== turn) {
        next.finalize();
        stage.remove();
        return;
      }
      stopZoom?.();
      stopSelection?.();
      drawn?.finalize();
      drawn = next;
      stopSelection = ofRuns.length ? followSelection(channel, next.view, ofRuns) : null;
      const zooming = followZoom(channel, next.view, rpc);
      const stopGrowth = followGrowth(channel, zooming);
      stopZoom = () => {
        stopGrowth();
        zooming.stop();
      };
      tell(channel, "drawn"); // of what has grown since it was sent, there is more
      canvas.replaceChildren(stage);
      // only now: until the chart stands, its picture is what there is to see
      show ??= hideSnapshot(model.get("_mark"));
    } catch (error) {
      if (gone || mine !== turn) return;
      show?.();
      show = null;
      const message = document.createElement("div");
      message.className = "celltrail-chart-error";
      message.textContent = `This chart cannot be drawn: ${error instanceof Error ? error.message : error}`;
      canvas.replaceChildren(message);
    }
  };

  // In a page that became wider or narrower the panels stand otherwise.
  const resized = new ResizeObserver(() => {
    if (!drawn || !root.clientWidth) return;
    const read = JSON.parse(model.get("_spec"));
    if (layoutOf(fitted(read, root.clientWidth)) !== layout) void draw();
  });
  resized.observe(root);
  const leave = stay(channel);
  const stopTheme = onThemeChange(draw);
  // other numbers of the same runs may leave the specification as it was
  const names = ["change:_spec", "change:_data"] as const;
  for (const name of names) model.on(name, draw);
  void draw();
  return () => {
    gone = true;
    leave();
    resized.disconnect();
    stopTheme();
    stopZoom?.();
    stopSelection?.();
    rpc.dispose();
    for (const name of names) model.off(name, draw);
    drawn?.finalize();
    show?.();
  };
};

export default { render };
