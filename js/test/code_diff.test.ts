import { describe, expect, it } from "vitest";
import { highlight } from "../src/chrome/highlight";
import { codeDiff, folded } from "../src/code_diff";

const text = (side: { marks: { text: string }[] } | null) =>
  side?.marks.map((mark) => mark.text).join("") ?? null;

describe("two cells side by side", () => {
  it("pairs changed lines and marks the words that changed", () => {
    const rows = codeDiff("lr = 0.1\nfit()\n", "lr = 0.25\nfit()\nshow()\n");
    expect(rows.map((row) => [text(row.left), text(row.right), row.same])).toEqual([
      ["lr = 0.1", "lr = 0.25", false],
      ["fit()", "fit()", true],
      [null, "show()", false],
    ]);
    expect(rows[0]?.left?.marks.filter((mark) => mark.changed).map((mark) => mark.text)).toEqual([
      "1",
    ]);
    expect(rows[0]?.right?.marks.filter((mark) => mark.changed).map((mark) => mark.text)).toEqual([
      "25",
    ]);
    expect(rows[1]?.right?.number).toBe(2);
  });
  it("keeps every line of both, whatever they are", () => {
    const cells = ["", "a", "a\nb", "b\na\n\n", "größe = '😀'\n\tx", "a\n\n\n", "<b>\r\nx"];
    for (const before of cells) {
      for (const after of cells) {
        const rows = codeDiff(before, after);
        const side = (which: "left" | "right") =>
          rows.map((row) => text(row[which])).filter((line) => line !== null);
        const lines = (cell: string) => (cell === "" ? [] : cell.replace(/\n$/, "").split("\n"));
        expect(side("left")).toEqual(lines(before));
        expect(side("right")).toEqual(lines(after));
        if (before === after) expect(rows.every((row) => row.same)).toBe(true);
      }
    }
  });
  it("does not search for long what two very different cells have in common", () => {
    const number = (i: number, cell: number) => Math.floor(1e4 * Math.sin(i * 13 + cell * 79) ** 2);
    const all = (cell: number) => Array.from({ length: 3_000 }, (_, i) => number(i, cell));
    for (const between of [", ", "\n"]) {
      const [before, after] = [all(0).join(between), all(1).join(between)];
      const rows = codeDiff(`same\n${before}`, `same\n${after}`);
      const side = (which: "left" | "right") =>
        rows.map((row) => text(row[which])).filter((line) => line !== null);
      expect(side("left").join("\n")).toBe(`same\n${before}`);
      expect(side("right").join("\n")).toBe(`same\n${after}`);
      // a search to the end would find the commas, or the numbers that stand in both by chance
      expect(rows.filter((row) => !row.same).length).toBe(between === "\n" ? 3_001 : 1);
    }
  });
  it("folds what is far from any change, and loses no line", () => {
    const before = Array.from({ length: 40 }, (_, i) => `line ${i}`);
    const rows = codeDiff(before.join("\n"), before.with(20, "other").join("\n"));
    const stretches = folded(rows);
    expect(stretches.map((one) => [one.rows.length, one.folded])).toEqual([
      [17, true],
      [7, false],
      [16, true],
    ]);
    expect(stretches.flatMap((one) => one.rows)).toEqual(rows);
    expect(folded(codeDiff("a\nb", "a\nb")).every((one) => !one.folded)).toBe(true);
  });
});

describe("Python in colours", () => {
  const kinds = (code: string) =>
    highlight(code)
      .filter((piece) => piece.kind !== "plain")
      .map((piece) => [piece.kind, piece.text]);
  it("knows comments, texts, numbers, words and magics", () => {
    expect(kinds("%%time\nfor i in x:  # go\n    y1 = 0.1e-3 + f'a\\'b'")).toEqual([
      ["magic", "%%time"],
      ["word", "for"],
      ["word", "in"],
      ["comment", "# go"],
      ["number", "0.1e-3"],
      ["text", "f'a\\'b'"],
    ]);
    expect(kinds('"""a # b\n\'"""\nx.for_ = None')).toEqual([
      ["text", '"""a # b\n\'"""'],
      ["word", "None"],
    ]);
    expect(kinds("a % b")).toEqual([]);
  });
  it("gives back the whole text", () => {
    for (const code of [
      "",
      "x",
      "'open",
      '"""open\n#',
      "# \n\n!ls -l\n@dec\ndef f(): ...",
      "1_000j",
    ]) {
      expect(
        highlight(code)
          .map((piece) => piece.text)
          .join(""),
      ).toBe(code);
    }
  });
});
