// What stands around the grid: the line of tools above it and the panels over it. Built as one
// file of its own, that a page evaluates once however many tables it has.
import { render } from "preact";
import { ColumnMenu } from "./chrome/column_menu";
import { Done, Removal } from "./chrome/deleted";
import { Details } from "./chrome/details";
import type { Services } from "./chrome/more_menu";
import { Footer, Toolbar } from "./chrome/toolbar";
import { copyText } from "./copy_text";
import type { Signal } from "./signals";
import type { Looks } from "./table/cells";
import { Curves } from "./table/curves";
import type { TableState } from "./table/state";

export { filterByBrush } from "./table/brush";
export { withLive } from "./table/live";
export { seedLimit } from "./table/seeds";

export interface Host {
  state: TableState;
  services: Omit<Services, "copy">;
  experiment: Signal<string>;
  /** Where the line of tools stands, panels do, and what is shown of one run. */
  bar: HTMLElement;
  over: HTMLElement;
  below: HTMLElement;
  /** The id of the run whose details are shown, or an empty text. */
  detail: Signal<string>;
  /** The column whose menu is open, and the heading beside which it stands. */
  menu: Signal<{ name: string; anchor: HTMLElement } | null>;
  /** What puts curves into cells, once it is there; and the grid that has them. */
  curve: Signal<Looks["curve"]>;
  scroll: HTMLElement;
  focusGrid(): void;
}

export type Tools = typeof import("./tools");

/** Puts the tools of a table into the page; call what it gives to take them away. */
export function mountTools(host: Host): () => void {
  const { state, experiment, bar, over, below, menu, detail, focusGrid } = host;
  const services: Services = { ...host.services, copy: copyText };
  const removal = services.python && new Removal(state, services.python);
  const Bar = () => (
    <Toolbar state={state} services={services} removal={removal} experiment={experiment.value} />
  );
  const Over = () => {
    const open = menu.value;
    const column = open && state.data.value.columns.get(open.name);
    if (open && !column)
      queueMicrotask(() => {
        menu.value = null; // its column is gone
      });
    if (!open || !column) return null;
    const close = () => {
      menu.value = null;
      focusGrid();
    };
    return <ColumnMenu state={state} column={column} anchor={open.anchor} onClose={close} />;
  };
  const Below = () => {
    const close = () => {
      detail.value = "";
      focusGrid();
    };
    const show = (id: string) => {
      detail.value = id;
    };
    const isThere = detail.value && state.data.value.ids.includes(detail.value);
    return (
      <>
        {removal && <Done removal={removal} />}
        <Footer state={state} onDetails={show} />
        {isThere && <Details id={detail.value} services={services} onClose={close} />}
      </>
    );
  };
  const curves = new Curves(state, host.scroll, services.curves);
  host.curve.value = curves.paint;
  bar.replaceChildren();
  render(<Bar />, bar);
  render(<Over />, over);
  render(<Below />, below);
  return () => {
    curves.dispose();
    host.curve.value = null;
    render(null, bar);
    render(null, over);
    render(null, below);
  };
}
