import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Column, Value } from "../src/columns";
import { type CurveHead, linesOf, describe as said } from "../src/table/curve_draw";
import { CURVE, withCurves } from "../src/table/curve_room";
import { Curves, type CurvesAnswer } from "../src/table/curves";
import { type Data, type Model, TableState, type Traits } from "../src/table/state";
import { column, PLAIN_STATE } from "./helpers";
import { MockModel } from "./mock_model";

const HEAD: CurveHead = {
  metric: "loss",
  id: "a",
  count: 3,
  gaps: 0,
  min: 1,
  max: 3,
  color: "#3b82d6",
  points: 3,
};

describe("the lines of a curve", () => {
  const lines = (x: number[], y: number[]) => linesOf(Uint8Array.from([...x, ...y]));

  it("go from the lower left to the upper right", () => {
    expect(lines([0, 255], [0, 254])).toEqual([
      [
        [0, 0],
        [1, 1],
      ],
    ]);
  });

  it("are parted by gaps, which may come first and last and one after the other", () => {
    const found = lines([0, 1, 2, 3, 4, 5, 6], [255, 10, 255, 255, 20, 30, 255]);
    expect(found.map((line) => line.length)).toEqual([1, 2]);
    expect(lines([0, 1], [255, 255])).toEqual([]);
    expect(lines([], [])).toEqual([]);
  });
});

describe("what is said of a curve", () => {
  it("is its least and greatest value and how many points it has", () => {
    expect(said({ ...HEAD, count: 1200, min: 0.25, max: 12 })).toBe(
      "min 0.25, max 12, 1,200 points",
    );
    expect(said({ ...HEAD, gaps: 2 })).toBe("min 1, max 3, 3 points, 2 not finite");
    expect(said({ ...HEAD, gaps: 3, min: null, max: null })).toBe("3 points, 3 not finite");
  });
});

describe("the room for curves", () => {
  const loss: Column = { ...column("number", [], "metrics.loss"), steps: true };
  const acc: Column = { ...column("number", [], "metrics.acc"), steps: true };
  const plain = column("text", [], "name");
  const width = (whole: number, cells = whole) => ({ whole, cells });
  const least = CURVE.width + CURVE.margin;
  const asked = { columns: [plain, loss, acc], widths: {}, curves: {} };
  const natural = [width(100), width(80), width(90)];

  it("is there for all or for none", () => {
    expect(withCurves(asked, natural, 270 + 2 * least)).toEqual({
      widths: [100, 80 + least, 90 + least],
      rooms: [0, CURVE.width, CURVE.width],
    });
    expect(withCurves(asked, natural, 269 + 2 * least).rooms).toEqual([0, 0, 0]);
  });

  it("is made where curves are switched on, and kept where they are off", () => {
    const on = withCurves({ ...asked, curves: { "metrics.loss": true } }, natural, 0);
    expect(on).toEqual({ widths: [100, 80 + least, 90], rooms: [0, CURVE.width, 0] });
    const off = withCurves({ ...asked, curves: { "metrics.loss": false } }, natural, 9999);
    expect(off.rooms).toEqual([0, 0, CURVE.width]);
    const none = withCurves({ ...asked, curves: { name: true } }, natural, 0);
    expect(none.rooms).toEqual([0, 0, 0]);
  });

  it("takes what a long heading leaves beside the numbers", () => {
    const wide = [width(100), width(200, 60), width(90)];
    const found = withCurves({ ...asked, curves: { "metrics.loss": true } }, wide, 0);
    expect(found).toEqual({ widths: [100, 200, 90], rooms: [0, CURVE.width, 0] });
  });

  it("grows in a column that was dragged, and is none in a narrow one", () => {
    const dragged = (own: number, on?: boolean) =>
      withCurves(
        {
          ...asked,
          widths: { "metrics.loss": own },
          curves: on === undefined ? {} : { "metrics.loss": on },
        },
        natural,
        0,
      );
    expect(dragged(80 + least + 10)).toEqual({
      widths: [100, 80 + least + 10, 90],
      rooms: [0, CURVE.width + 10, 0],
    });
    expect(dragged(1000).rooms[1]).toBe(CURVE.most);
    expect(dragged(80 + least - 1).rooms[1]).toBe(0);
    expect(dragged(70, true)).toEqual({ widths: [100, 70, 90], rooms: [0, 0, 0] });
    expect(dragged(1000, false).rooms[1]).toBe(0);
  });
});

class Sight {
  constructor(readonly seen: () => void) {}
  observe() {}
  disconnect() {}
}

describe("curves in cells", () => {
  let grid: HTMLElement;
  let state: TableState;
  let curves: Curves;
  let asked: Record<string, string[]>[];
  let answer: (wanted: Record<string, string[]>) => Promise<CurvesAnswer>;

  const IDS = ["a", "b", "c"];
  const data = (
    values: Value[],
    statuses: Value[] = ["finished", "finished", "running"],
  ): Data => ({
    ids: IDS,
    columns: new Map(
      [
        { ...column("number", values, "metrics.loss"), steps: true },
        column("text", statuses, "status"),
      ].map((one) => [one.name, one]),
    ),
    parents: null,
    beyond: [],
  });
  const curve = (id: string, more: Partial<CurveHead> = {}): CurveHead => ({
    ...HEAD,
    id,
    ...more,
  });
  const answered = (heads: CurveHead[]): CurvesAnswer => {
    const bytes = heads.flatMap(({ points }) =>
      Array.from({ length: 2 * points }, (_, i) => (i < points ? i : 100)),
    );
    return { result: heads, data: new DataView(Uint8Array.from(bytes).buffer) };
  };
  const cells = () => [...grid.querySelectorAll<HTMLElement>(".ct-cell")];
  const paint = () => {
    cells().forEach((cell, row) => {
      cell.className = "ct-cell ct-curved";
      cell.title = `${row}`;
      cell.textContent = `${row}`;
      const loss = state.data.value.columns.get("metrics.loss") as Column;
      curves.paint(cell, loss, row, 56);
    });
  };
  const drawn = () => cells().map((cell) => cell.querySelector("canvas") !== null);
  const settle = () => vi.advanceTimersByTimeAsync(200);

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("IntersectionObserver", Sight);
    grid = document.createElement("div");
    grid.innerHTML = IDS.map(() => '<div class="ct-cell"></div>').join("");
    document.body.append(grid);
    const box = (top: number) => () => ({ left: 0, right: 100, top, bottom: top + 28 }) as DOMRect;
    grid.getBoundingClientRect = () => ({ left: 0, right: 100, top: 0, bottom: 84 }) as DOMRect;
    cells().forEach((cell, row) => {
      cell.getBoundingClientRect = box(28 * row);
    });
    const model = new MockModel({ ...PLAIN_STATE });
    state = new TableState(model as unknown as Model<Traits>, data([1, 2, 3]));
    asked = [];
    answer = async ({ loss = [] }) => answered(loss.map((id) => curve(id)));
    curves = new Curves(state, grid, (wanted) => {
      asked.push(JSON.parse(JSON.stringify(wanted)));
      return answer(wanted);
    });
  });

  afterEach(() => {
    curves.dispose();
    state.dispose();
    grid.remove();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("are asked for together, once the rows stand still, and only then drawn", async () => {
    paint();
    expect(drawn()).toEqual([false, false, false]);
    await vi.advanceTimersByTimeAsync(50);
    paint();
    await vi.advanceTimersByTimeAsync(50);
    expect(asked).toEqual([]);
    await settle();
    expect(asked).toEqual([{ loss: IDS }]);
    expect(drawn()).toEqual([true, true, true]);
    expect(cells()[1]?.title).toBe("1\nmin 1, max 3, 3 points");
    expect(cells()[1]?.querySelector("canvas")?.getAttribute("aria-label")).toBe(
      "min 1, max 3, 3 points",
    );
    expect(cells()[1]?.textContent).toBe("1");
  });

  it("are kept: a row that comes back has its own at once", async () => {
    paint();
    await settle();
    paint();
    expect(drawn()).toEqual([true, true, true]);
    await settle();
    expect(asked.length).toBe(1);
  });

  it("are not asked for out of sight", async () => {
    const far = cells()[2] as HTMLElement;
    far.getBoundingClientRect = () => ({ left: 0, right: 100, top: 500, bottom: 528 }) as DOMRect;
    paint();
    await settle();
    expect(asked).toEqual([{ loss: ["a", "b"] }]);
    far.getBoundingClientRect = () => ({ left: 0, right: 100, top: 56, bottom: 84 }) as DOMRect;
    grid.dispatchEvent(new Event("scroll"));
    await settle();
    expect(asked[1]).toEqual({ loss: ["c"] });
  });

  it("are none for one point, for nothing finite and for a run that is gone", async () => {
    answer = async () =>
      answered([
        curve("a", { count: 1, points: 0 }),
        curve("b", { min: null, max: null, points: 0, gaps: 3 }),
      ]);
    paint();
    await settle();
    expect(drawn()).toEqual([false, false, false]);
    expect(cells().map((cell) => cell.title)).toEqual(["0", "1\n3 points, 3 not finite", "2"]);
    await settle();
    expect(asked.length).toBe(1);
  });

  it("are asked for anew when a run went on, and drawn as they were until then", async () => {
    paint();
    await settle();
    state.data.value = data([1, 2.5, 3]);
    answer = async ({ loss = [] }) => answered(loss.map((id) => curve(id, { max: 9 })));
    paint();
    expect(drawn()).toEqual([true, true, true]);
    expect(cells()[1]?.title).toBe("1\nmin 1, max 3, 3 points");
    await settle();
    // b has another value, and c was running: it may have gone on and come back to its value
    expect(asked[1]).toEqual({ loss: ["b"] });
    await vi.advanceTimersByTimeAsync(5_000); // one that goes on is not asked for all the time
    paint();
    await settle();
    expect(asked[2]).toEqual({ loss: ["c"] });
    expect(cells().map((cell) => cell.title)).toEqual([
      "0\nmin 1, max 3, 3 points",
      "1\nmin 1, max 9, 3 points",
      "2\nmin 1, max 9, 3 points",
    ]);
    state.data.value = data([1, 2.5, 3], ["finished", "finished", "finished"]);
    paint();
    await settle();
    expect(asked[3]).toEqual({ loss: ["c"] });
    state.data.value = data([1, 2.5, 3], ["finished", "finished", "finished"]);
    paint();
    await settle();
    expect(asked.length).toBe(4);
  });

  it("leave the numbers alone when no answer comes, and are asked for again later", async () => {
    const works = answer;
    answer = () => Promise.reject(new Error("the kernel does not answer"));
    paint();
    await settle();
    expect(drawn()).toEqual([false, false, false]);
    expect(cells().map((cell) => cell.textContent)).toEqual(["0", "1", "2"]);
    paint();
    await settle();
    expect(asked.length).toBe(1);
    answer = works;
    await vi.advanceTimersByTimeAsync(6_000);
    grid.dispatchEvent(new Event("scroll"));
    await settle();
    expect(drawn()).toEqual([true, true, true]);
  });

  it("come for the rows that are there when a slow answer arrives", async () => {
    let resolve: (answer: CurvesAnswer) => void = () => {};
    answer = () =>
      new Promise((done) => {
        resolve = done;
      });
    paint();
    await settle();
    const loss = state.data.value.columns.get("metrics.loss") as Column;
    const [first] = cells();
    curves.paint(first as HTMLElement, loss, 2, 56); // its row is another one now
    await settle();
    expect(asked.length).toBe(1);
    resolve(answered([curve("a", { max: 5 }), curve("b"), curve("c", { max: 7 })]));
    await settle();
    expect(first?.title).toContain("max 7");
  });

  it("are forgotten with the table", async () => {
    paint();
    curves.dispose();
    await settle();
    expect(asked).toEqual([]);
  });
});
