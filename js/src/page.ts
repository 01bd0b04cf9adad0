// A page of its own for views that have no kernel; the twin of views/page_file.py.
import type { AnyModel } from "@anywidget/types";
import { gunzip } from "./chart_data";
import { type Curves, PageModel, type Question, viewOf } from "./page_model";

interface Sent {
  /** The script and the style sheet of each kind of view: places among the packed ones. */
  bundles: Record<string, { script: number; style: number }>;
  vega: number | null;
  views: {
    bundle: string;
    state: Record<string, unknown>;
    answers: Question[];
    curves: Curves | null;
  }[];
}

const GONE = "This page has no kernel, and this is not in it.";

/** What was packed, in its order: each a text of the page. */
const packed = [...document.querySelectorAll<HTMLElement>("script[data-packed]")];

function bytesAt(place: number): Uint8Array<ArrayBuffer> {
  const text = packed[place]?.textContent ?? "";
  return Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
}

async function textAt(place: number): Promise<string> {
  return new TextDecoder().decode(await gunzip(viewOf(bytesAt(place))));
}

async function start(): Promise<void> {
  const sent = JSON.parse(await textAt(0)) as Sent;
  const contents = new Map<number, Promise<Uint8Array<ArrayBuffer>>>();
  const content = (place: number) => {
    let known = contents.get(place);
    if (!known) {
      known =
        packed[place]?.dataset.packed === "as is"
          ? Promise.resolve(bytesAt(place))
          : gunzip(viewOf(bytesAt(place)));
      contents.set(place, known);
    }
    return known;
  };
  const scripts = new Map<string, Promise<{ default: Widget }>>();
  for (const [name, { script, style }] of Object.entries(sent.bundles)) {
    const sheet = document.createElement("style");
    sheet.textContent = await textAt(style);
    document.head.append(sheet);
    const url = URL.createObjectURL(new Blob([await textAt(script)], { type: "text/javascript" }));
    scripts.set(name, import(/* @vite-ignore */ url));
  }
  const models: PageModel[] = [];
  const vega = async () => (sent.vega === null ? null : viewOf(bytesAt(sent.vega)));
  // what is selected in one of them is so in all, from the beginning on
  const chosen = new Set(sent.views.flatMap((view) => (view.state.selected_ids ?? []) as string[]));
  for (const [place, view] of sent.views.entries()) {
    const el = document.querySelector<HTMLElement>(`[data-view="${place}"]`);
    if (!el) continue;
    try {
      if ("selected_ids" in view.state) view.state.selected_ids = [...chosen];
      const model = await PageModel.of(view, { content, vega, peers: models, gone: GONE });
      const widget = (await scripts.get(view.bundle))?.default;
      await widget?.render({ model: model as unknown as AnyModel, el });
      models.push(model);
    } catch (error) {
      complain(el, error); // the other views are shown all the same
    }
  }
}

interface Widget {
  render(given: { model: AnyModel; el: HTMLElement }): unknown;
}

/** Says what cannot be shown; the still forms go on standing there. */
function complain(place: HTMLElement, error: unknown): void {
  const said = document.createElement("p");
  said.setAttribute("role", "alert");
  said.textContent = `What can be sorted and zoomed cannot be shown here: ${error}`;
  place.prepend(said);
}

start().catch((error) => complain(document.body, error));
