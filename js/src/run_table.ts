// The run table: sort, select, and tell Python; the twin of views/run_table.py.
import type { Render } from "@anywidget/types";
import { bytesOf, decodeColumns, type Head } from "./columns";
import { make } from "./dom";
import { plural } from "./format";
import { Grid } from "./grid";
import { guardKeys } from "./keys";
import { Selection } from "./selection";
import { hideSnapshot } from "./snapshot";

interface State {
  selected_ids: string[];
  _ids: string[];
  _columns: string;
  _data: DataView;
  _experiment: string;
  _mark: string;
}

const EMPTY = "No runs yet. Put %%track at the top of a cell and run it.";

const render: Render<State> = ({ model, el }) => {
  const root = make("div", "celltrail-table");
  const freeKeys = guardKeys(root);
  const bar = make("div", "ct-bar");
  const empty = make("div", "ct-empty", EMPTY);
  const selection = new Selection();
  const grid = new Grid(selection, () => tell());
  root.append(bar, grid.element, empty);
  el.append(root);
  el.classList.add("celltrail-view");

  const tell = () => {
    renderBar();
    model.set("selected_ids", selection.inOrder(model.get("_ids")));
    model.save_changes();
  };

  const renderBar = () => {
    const count = model.get("_ids").length;
    bar.replaceChildren(make("span", "ct-count", plural(count, "run")));
    const experiment = model.get("_experiment");
    if (experiment) bar.prepend(make("span", "ct-experiment", experiment));
    if (!selection.size) return;
    const clear = make("button", "ct-clear", "clear");
    clear.type = "button";
    clear.addEventListener("click", () => {
      selection.clear();
      grid.refresh();
      tell();
      grid.element.focus();
    });
    bar.append(
      make("span", "ct-chosen", `${selection.size.toLocaleString("en-US")} selected`),
      clear,
    );
  };

  const load = () => {
    const ids = model.get("_ids");
    const heads = JSON.parse(model.get("_columns")) as Head[];
    selection.replace(model.get("selected_ids"));
    grid.setData(ids, decodeColumns(heads, bytesOf(model.get("_data"))));
    root.classList.toggle("ct-none", ids.length === 0);
    renderBar();
  };

  const follow = () => {
    selection.replace(model.get("selected_ids"));
    renderBar();
    grid.refresh();
  };

  load();
  // The element is not in the page yet, and its font and width are unknown until it is.
  const observer = new ResizeObserver(() => grid.layout());
  observer.observe(el);
  model.on("change:_data", load);
  model.on("change:selected_ids", follow);
  const show = hideSnapshot(model.get("_mark"));
  return () => {
    observer.disconnect();
    freeKeys();
    model.off("change:_data", load);
    model.off("change:selected_ids", follow);
    show();
  };
};

export default { render };
