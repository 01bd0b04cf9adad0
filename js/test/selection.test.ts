import { beforeEach, describe, expect, it } from "vitest";
import { Selection } from "../src/selection";

const IDS = ["a", "b", "c", "d", "e"];

describe("selecting rows", () => {
  let selection: Selection;
  const now = () => selection.inOrder(IDS);
  beforeEach(() => {
    selection = new Selection();
  });

  it("selects one alone", () => {
    selection.pick(IDS, 1);
    selection.pick(IDS, 3);
    expect(now()).toEqual(["d"]);
  });
  it("adds and takes away with the toggle key", () => {
    selection.pick(IDS, 1, { toggle: true });
    selection.pick(IDS, 3, { toggle: true });
    expect(now()).toEqual(["b", "d"]);
    selection.pick(IDS, 1, { toggle: true });
    expect(now()).toEqual(["d"]);
  });
  it("stretches a range from the last pick, both ways and again", () => {
    selection.pick(IDS, 2);
    selection.pick(IDS, 4, { shift: true });
    expect(now()).toEqual(["c", "d", "e"]);
    selection.pick(IDS, 0, { shift: true });
    expect(now()).toEqual(["a", "b", "c"]);
  });
  it("adds a range with both keys", () => {
    selection.pick(IDS, 0);
    selection.pick(IDS, 3, { toggle: true });
    selection.pick(IDS, 4, { shift: true, toggle: true });
    expect(now()).toEqual(["a", "d", "e"]);
  });
  it("picks alone when there is nothing to stretch from", () => {
    selection.pick(IDS, 2, { shift: true });
    expect(now()).toEqual(["c"]);
  });
  it("follows runs, not places, when the order changes", () => {
    selection.pick(IDS, 0);
    selection.pick([...IDS].reverse(), 2, { shift: true });
    expect(now()).toEqual(["a", "b", "c"]);
  });
  it("forgets a pick of a run that is no longer there", () => {
    selection.pick(IDS, 0);
    selection.pick(["c", "d"], 1, { shift: true });
    expect(now()).toEqual(["d"]);
  });
  it("ignores places where there is no row", () => {
    selection.pick(IDS, 9);
    expect(selection.size).toBe(0);
  });
});
