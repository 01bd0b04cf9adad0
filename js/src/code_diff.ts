// Two cells side by side: which lines stand in both, and in the others which words changed.
import { type ArrayChange, diffArrays } from "diff";

/** A piece of a line, and whether it stands in this version alone. */
export interface Mark {
  text: string;
  changed: boolean;
}

export interface Line {
  number: number;
  marks: Mark[];
}

/** One line of the picture: the same on both sides, or what is left of it on either. */
export interface Row {
  left: Line | null;
  right: Line | null;
  same: boolean;
}

/** Of more edits than these the search takes seconds, in which the page stands still. */
const EDITS = 1_000;
const WORDS = /[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu;

/** Compares two texts line by line, and changed lines word by word (Myers 1986). */
export function codeDiff(before: string, after: string): Row[] {
  const rows: Row[] = [];
  let [left, right] = [0, 0];
  const parts = differences(linesOf(before), linesOf(after));
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    if (!part) continue;
    if (!part.added && !part.removed) {
      for (const text of part.value) {
        const marks = [{ text, changed: false }];
        rows.push({
          left: { number: ++left, marks },
          right: { number: ++right, marks },
          same: true,
        });
      }
      continue;
    }
    const next = parts[i + 1];
    const isPair = part.removed && next?.added;
    const removed = part.removed ? part.value : [];
    const added = part.added ? part.value : isPair ? next.value : [];
    if (isPair) i++;
    for (let line = 0; line < Math.max(removed.length, added.length); line++) {
      const [a, b] = words(removed[line], added[line]);
      rows.push({
        left: a && { number: ++left, marks: a },
        right: b && { number: ++right, marks: b },
        same: false,
      });
    }
  }
  return rows;
}

/** Gives what both have and what either has; of very different ones, all of it as different. */
function differences(before: string[], after: string[]): ArrayChange<string>[] {
  const found = diffArrays(before, after, { maxEditLength: EDITS });
  if (found) return found;
  return [
    { value: before, removed: true, added: false, count: before.length },
    { value: after, removed: false, added: true, count: after.length },
  ];
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

/** Marks what changed from one line to the other. */
function words(
  before: string | undefined,
  after: string | undefined,
): [Mark[] | null, Mark[] | null] {
  if (before === undefined || after === undefined) {
    const whole = (text: string | undefined) =>
      text === undefined ? null : [{ text, changed: true }];
    return [whole(before), whole(after)];
  }
  const parts = differences(before.match(WORDS) ?? [], after.match(WORDS) ?? []);
  const side = (skip: "added" | "removed", keep: "added" | "removed") =>
    parts
      .filter((part) => !part[skip])
      .map((part) => ({ text: part.value.join(""), changed: part[keep] === true }));
  return [side("added", "removed"), side("removed", "added")];
}

/** A stretch of lines: some that are shown, or many equal ones that are not. */
export type Stretch = { rows: Row[]; folded: boolean };

/** Leaves out what is the same far from any change. */
export function folded(rows: readonly Row[], around = 3): Stretch[] {
  const near = rows.map((_, i) =>
    rows.slice(Math.max(0, i - around), i + around + 1).some((row) => !row.same),
  );
  const stretches: Stretch[] = [];
  rows.forEach((row, i) => {
    const hide = !near[i];
    const last = stretches.at(-1);
    if (last && last.folded === hide) last.rows.push(row);
    else stretches.push({ rows: [row], folded: hide });
  });
  // a line that says "1 line" is no shorter than the line
  return stretches.map((one) => (one.rows.length < 3 ? { ...one, folded: false } : one));
}
