// The run table: what Python sent, a line of tools, and the grid; the twin of views/run_table.py.
import type { Render } from "@anywidget/types";
import { bytesOf, type Column, decodeColumns, type Head, idColumn } from "./columns";
import { make } from "./dom";
import { plural } from "./format";
import { guardKeys } from "./keys";
import { Rpc } from "./rpc";
import { Selection } from "./selection";
import { computed, effect, signal, untracked } from "./signals";
import { hideSnapshot } from "./snapshot";
import { stay } from "./stay";
import type { Looks } from "./table/cells";
import { Distributions } from "./table/distributions";
import { Grid } from "./table/grid";
import { shader } from "./table/shade";
import { type Data, type Model, TableState, type Traits } from "./table/state";
import type { Host, Tools } from "./tools";
import { loadTools } from "./tools_loader";

interface Traitlets extends Traits {
  _ids: string[];
  _columns: string;
  _data: DataView;
  _parents: DataView;
  _experiment: string;
  _beyond: number[];
  _mark: string;
  _tools: DataView;
  _live: string;
  /** Whether there never was a kernel: what only Python can do is not offered then. */
  _page?: boolean;
}

/** What of the runs may change without the rest. */
const SENT = ["_data", "_ids", "_columns", "_beyond"] as const;
const CHANGING = [...SENT, "_live"] as const;
const EMPTY = "No runs yet. Put %%track at the top of a cell and run it.";
const CURVES_PATIENCE = 120_000; // milliseconds: meanwhile the numbers stand there
const CHARTS_FROM = 5; // runs from which on it is worth showing how values lie

function read(model: Model<Traitlets>): Data {
  const heads = JSON.parse(model.get("_columns")) as Head[];
  const columns = decodeColumns(heads, bytesOf(model.get("_data")));
  const bytes = bytesOf(model.get("_parents"));
  const ids = model.get("_ids");
  return {
    ids,
    columns: new Map([...columns, idColumn(ids)].map((column) => [column.name, column])),
    parents: bytes.length ? new Int32Array(bytes.buffer) : null,
    beyond: model.get("_beyond"),
  };
}

const render: Render<Traitlets> = ({ model: anymodel, el }) => {
  const model = anymodel as unknown as Model<Traitlets>;
  const root = make("div", "celltrail celltrail-table");
  const freeKeys = guardKeys(root);
  const bar = make("div", "ct-top");
  bar.append(make("div", "ct-bar", plural(model.get("_ids").length, "run")));
  const over = make("div", "ct-over");
  const nothing = make("div", "ct-nothing", "No run matches the filter.");
  const below = make("div", "ct-below-grid");
  const state = new TableState(model as unknown as Model<Traits>, read(model));
  const rpc = new Rpc(anymodel as never);
  const services: Host["services"] = {
    details: (id) => rpc.ask("details", { id }),
    curves: (wanted, pixels) => rpc.ask("curves", { wanted, pixels }, CURVES_PATIENCE),
    python: model.get("_page")
      ? null
      : {
          code: () => rpc.ask<string>("code"),
          delete: (ids) => rpc.ask("delete", { ids }),
          restore: (ids) => rpc.ask("restore", { ids }),
          deleted: () => rpc.ask("deleted"),
          edit: (id, said) => rpc.ask("edit", { id, ...said }),
        },
  };
  const selection = new Selection();
  const detail = signal("");
  const experiment = signal(model.get("_experiment"));
  const curve = signal<Looks["curve"]>(null);
  const menu = signal<{ name: string; anchor: HTMLElement } | null>(null);
  const grid = new Grid(selection, {
    sort: (name, more) => {
      state.toggleSort(name, more);
      grid.element.scrollTop = 0;
    },
    select: () => state.set({ selected_ids: selection.inOrder(state.data.value.ids) }),
    toggle: (key) => state.toggle(key),
    menu: (name, anchor) => {
      menu.value = menu.value?.name === name ? null : { name, anchor };
    },
    resize: (name, width) => state.resize(name, width),
    move: (name, before) => state.move(name, before),
    brush: (name, low, high) => tools.value?.filterByBrush(state, name, low, high),
    details: (id) => {
      detail.value = detail.value === id ? "" : id;
    },
    curved: (names) => {
      const before = state.curved.peek();
      const same = names.length === before.size && names.every((name) => before.has(name));
      if (!same) state.curved.value = new Set(names);
    },
  });
  const distributions = new Distributions(() => grid.refresh());
  root.append(bar, grid.element, make("div", "ct-empty", EMPTY), nothing, below, over);
  el.append(root);
  el.classList.add("celltrail-view");

  const host: Host = {
    state,
    services,
    experiment,
    bar,
    over,
    below,
    menu,
    detail,
    curve,
    scroll: grid.element,
    focusGrid: () => grid.element.focus({ preventScroll: true }),
  };
  const tools = signal<Tools | null>(null);
  let gone = false;
  let unmount = () => {};
  loadTools(model.get("_tools"))
    .then((loaded) => {
      if (gone) return;
      tools.value = loaded;
      unmount = loaded.mountTools(host);
      load(); // what came meanwhile
    })
    .catch((error) => bar.append(make("div", "ct-problem", `No tools: ${error}`)));

  const seeds = computed(() => {
    const { columns, ids } = state.data.value;
    return state.get("baseline") ? (tools.value?.seedLimit(columns, ids.length) ?? null) : null;
  });
  const stopShowing = effect(() => {
    const { ids } = state.data.value;
    const { columns, pinned } = state.visible.value;
    const rows = state.rows.value;
    const open = state.open.value;
    const shown = {
      ids,
      columns,
      wanted: pinned,
      pinned,
      items: state.items.value,
      sorts: state.sorts.value,
      children: state.children.value,
      isOpen: (key: string) => open.has(key),
      looks: {
        baseline: state.get("baseline") ? ids.indexOf(state.get("baseline")) : -1,
        shade: shader(state.get("coloured"), rows),
        seeds: seeds.value,
        curve: curve.value,
      },
      widths: state.get("column_widths"),
      curves: state.get("curves"),
      rooms: [],
      grouped: state.grouping.value.length > 0,
      charts: ids.length >= CHARTS_FROM,
      distribution: (column: Column) => distributions.get(column, rows),
    };
    const some = ids.length > 0 || state.data.value.beyond.length > 0;
    root.classList.toggle("ct-none", !some);
    root.classList.toggle("ct-no-match", some && rows.length === 0);
    untracked(() => {
      selection.replace(state.get("selected_ids"));
      grid.show(shown);
    });
  });
  const stopSelecting = effect(() => {
    selection.replace(state.get("selected_ids"));
    untracked(() => grid.refresh());
  });

  // The element is not in the page yet, and its font and width are unknown until it is.
  root.addEventListener("pointerenter", () => state.look());
  const observer = new ResizeObserver(() => grid.layout());
  observer.observe(el);
  let had = SENT.map((name) => model.get(name));
  let sent = state.data.peek();
  let live = "";
  const load = () => {
    const now = SENT.map((name) => model.get(name));
    const changed = model.get("_live");
    const same = now.every((one, i) => one === had[i]);
    if (same && changed === live) return; // each of what came together says so
    if (!same) {
      had = now;
      experiment.value = model.get("_experiment");
      sent = read(model);
    }
    live = tools.peek() ? changed : "";
    state.data.value = tools.peek()?.withLive(sent, changed) ?? sent;
  };
  for (const name of CHANGING) model.on(`change:${name}`, load);
  const leave = stay(model);
  const show = hideSnapshot(model.get("_mark"));
  return () => {
    observer.disconnect();
    freeKeys();
    distributions.dispose();
    stopShowing();
    stopSelecting();
    for (const name of CHANGING) model.off(`change:${name}`, load);
    leave();
    state.dispose();
    rpc.dispose();
    gone = true;
    unmount();
    show();
  };
};

export default { render };
