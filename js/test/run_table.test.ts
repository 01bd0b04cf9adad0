import { columnFromArray, float64, tableFromColumns, tableToIPC, utf8 } from "@uwdata/flechette";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import widget from "../src/run_table";
import { toolsKey } from "../src/tools_loader";
import { PLAIN_STATE } from "./helpers";
import { MockModel } from "./mock_model";

const HEADS = [
  { name: "name", label: "run", group: "", kind: "text", decimals: null },
  { name: "status", label: "status", group: "", kind: "text", decimals: null },
  { name: "metrics.acc", label: "acc", group: "metrics", kind: "number", decimals: 2 },
];

function state(count: number) {
  const numbers = Array.from({ length: count }, (_, i) => i);
  const table = tableFromColumns({
    c0: columnFromArray(
      numbers.map((i) => `<b>run ${i}</b>`),
      utf8(),
    ),
    c1: columnFromArray(
      numbers.map(() => "finished"),
      utf8(),
    ),
    c2: columnFromArray(
      numbers.map((i) => (i === 1 ? null : ((i * 37) % 100) / 100)),
      float64(),
    ),
  });
  const data = tableToIPC(table, { format: "stream" }) as Uint8Array;
  return {
    ...PLAIN_STATE,
    _ids: numbers.map((i) => `id${i}`),
    _columns: JSON.stringify(HEADS),
    _data: new DataView(count ? data.slice().buffer : new ArrayBuffer(0)),
    _experiment: "digits",
    _mark: "celltrail-1",
  };
}

// in a page it comes as a file of its own
(globalThis as Record<string, unknown>)[toolsKey(PLAIN_STATE._tools)] = import("../src/tools");

describe("the run table", () => {
  let model: MockModel;
  let el: HTMLElement;
  let stop: () => void;

  const show = (count: number) => {
    model = new MockModel(state(count));
    el = document.createElement("div");
    document.body.append(el);
    stop = widget.render?.({ model, el } as never) as () => void;
  };
  const body = () => [...el.querySelectorAll<HTMLElement>(".ct-body-row")];
  const rowAt = (position: number) =>
    body().find((row) => row.dataset.position === String(position)) as HTMLElement;
  const grid = () => el.querySelector("[role=treegrid]") as HTMLElement;
  const heading = (name: string) =>
    [...el.querySelectorAll<HTMLElement>("[role=columnheader]")].find((h) =>
      h.title.startsWith(name),
    );
  const press = (key: string, options: KeyboardEventInit = {}) =>
    grid().dispatchEvent(
      new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...options }),
    );

  beforeEach(() => show(3));
  afterEach(() => {
    stop();
    el.remove();
  });

  it("shows what is said anew of its columns, although no value changed", () => {
    expect(rowAt(2).textContent).toContain("0.74");
    const heads = HEADS.map((head) => (head.label === "acc" ? { ...head, format: ".1%" } : head));
    model.set("_columns", JSON.stringify(heads));
    expect(rowAt(2).textContent).toContain("74.0%");
  });
  it("shows texts as texts, missing as a dash", () => {
    expect(rowAt(0).textContent).toContain("<b>run 0</b>");
    expect(rowAt(1).textContent).toContain("–");
    expect(el.textContent).toContain("3 runs");
  });
  it("sorts by a click on a heading and says so", () => {
    heading("metrics.acc")?.click();
    heading("metrics.acc")?.click();
    expect(heading("metrics.acc")?.getAttribute("aria-sort")).toBe("descending");
    expect(body().map((row) => row.textContent?.match(/run (\d)/)?.[1])).toEqual(["2", "0", "1"]);
  });
  it("tells Python what is selected, in the order of the runs", async () => {
    rowAt(2).querySelector<HTMLElement>(".ct-check")?.click();
    rowAt(0).querySelector<HTMLElement>(".ct-check")?.click();
    expect(model.get("selected_ids")).toEqual(["id0", "id2"]);
    expect(model.saves).toBe(2);
    await vi.waitFor(() => expect(el.querySelector(".ct-chosen button")).not.toBeNull());
    el.querySelector<HTMLButtonElement>(".ct-chosen button")?.click();
    expect(model.get("selected_ids")).toEqual([]);
  });
  it("follows what Python selects", async () => {
    model.set("selected_ids", ["id1"]);
    expect(rowAt(1).getAttribute("aria-selected")).toBe("true");
    await vi.waitFor(() => expect(el.textContent).toContain("1 selected"));
    expect(model.saves).toBe(0);
  });
  it("is used by keys alone", () => {
    press("ArrowDown");
    press(" ");
    expect(model.get("selected_ids")).toEqual(["id1"]);
    press("ArrowDown", { shiftKey: true });
    expect(model.get("selected_ids")).toEqual(["id1", "id2"]);
    press("a", { ctrlKey: true });
    expect(model.get("selected_ids")).toEqual(["id0", "id1", "id2"]);
    press("Escape");
    expect(model.get("selected_ids")).toEqual([]);
    for (const key of ["Home", "ArrowUp", "ArrowUp", "ArrowUp", "End", "Enter"]) press(key);
    expect(heading("metrics.acc")?.getAttribute("aria-sort")).toBe("ascending");
  });
  it("lets no key out to the notebook", () => {
    let heard = 0;
    document.body.addEventListener("keydown", () => heard++, { once: true });
    press("a");
    press("Enter", { shiftKey: true });
    expect(heard).toBe(0);
  });
  it("leaves keys with a modifier to the notebook, but those that it uses", () => {
    const heard: string[] = [];
    const suppressed = () => el.querySelector("[data-lm-suppress-shortcuts=true]") !== null;
    const listen = (event: KeyboardEvent) => heard.push(event.key);
    document.body.addEventListener("keydown", listen);
    const states = [];
    for (const key of ["s", "a", "ArrowDown"]) {
      press(key, { ctrlKey: true });
      states.push(suppressed());
    }
    press("s", { metaKey: true });
    states.push(suppressed());
    press("s");
    states.push(suppressed());
    document.body.removeEventListener("keydown", listen);
    expect(heard).toEqual(["s", "s"]);
    expect(states).toEqual([false, true, true, false, true]);
  });
  it("keeps few rows in the page however many there are", () => {
    stop();
    el.remove();
    show(5000);
    expect(body().length).toBeLessThan(60);
    expect(grid().getAttribute("aria-rowcount")).toBe("5001");
    expect(el.querySelector<HTMLElement>(".ct-canvas")?.style.height).toBe("140000px");
  });
  it("has its rows in the page in the order that is seen, wherever it is scrolled", () => {
    stop();
    el.remove();
    show(500);
    const scroll = (top: number) => {
      grid().scrollTop = top;
      grid().dispatchEvent(new Event("scroll"));
      return body().map((row) => Number(row.dataset.position));
    };
    for (const top of [0, 28, 37, 400, 380, 5_000, 4_990, 13_500, 0, 14_000]) {
      const found = scroll(top);
      expect(found).toEqual(found.map((_, index) => (found[0] ?? 0) + index));
      expect(rowAt(found[1] ?? 0).textContent).toContain(`run ${found[1]}<`);
    }
    const kept = rowAt(490);
    scroll(13_980);
    expect(rowAt(490)).toBe(kept); // it was drawn once
  });
  it("shows other runs when Python sends them, and says when there are none", () => {
    const none = state(0);
    for (const [name, value] of Object.entries(none)) model.set(name, value);
    expect(body()).toEqual([]);
    expect(el.querySelector(".ct-none .ct-empty")?.textContent).toContain("No runs yet");
  });
  it("hides its still picture while it stands, and listens to nothing when it is gone", () => {
    const style = () => document.head.querySelector("style[data-celltrail=celltrail-1]");
    expect(style()?.textContent).toContain(".celltrail-1");
    stop();
    expect(style()).toBeNull();
    expect(model.listening("change:selected_ids")).toBe(0);
  });
});
