import { describe, expect, it } from "vitest";
import { groupsOf } from "../src/choices";
import { Contents } from "../src/compare/contents";
import { Latest } from "../src/latest";

/** A promise that is settled from outside. */
function later<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

describe("Latest", () => {
  it("does the first and the last of what is wanted meanwhile", async () => {
    const done: number[] = [];
    const gates = [later<void>(), later<void>()];
    const latest = new Latest<number>(async (wanted) => {
      done.push(wanted);
      await gates[done.length - 1]?.promise;
    });
    for (const wanted of [1, 2, 3, 4]) latest.want(wanted);
    expect(done).toEqual([1]);
    gates[0]?.resolve();
    await settled();
    expect(done).toEqual([1, 4]);
    gates[1]?.resolve();
    await settled();
    latest.want(5);
    expect(done).toEqual([1, 4, 5]);
  });

  it("forgets what was not begun", async () => {
    const done: string[] = [];
    const gate = later<void>();
    const latest = new Latest<string>(async (wanted) => {
      done.push(wanted);
      await gate.promise;
    });
    latest.want("a");
    latest.want("b");
    latest.forget();
    gate.resolve();
    await settled();
    expect(done).toEqual(["a"]);
  });
});

describe("Contents", () => {
  it("asks once for what is kept, and again for what failed", async () => {
    const contents = new Contents<string>();
    let asked = 0;
    const ask = async () => `answer ${++asked}`;
    expect(await contents.get("a", ask)).toBe("answer 1");
    expect(await contents.get("a", ask)).toBe("answer 1");
    const fails = () => Promise.reject(new Error("gone"));
    await expect(contents.get("b", fails)).rejects.toThrow("gone");
    expect(await contents.get("b", ask)).toBe("answer 2");
  });

  it("lets go of what was looked at longest ago", async () => {
    const contents = new Contents<string>(30);
    let asked = 0;
    const ask = async () => {
      asked++;
      return "x".repeat(8);
    };
    for (const key of ["a", "b", "c"]) await contents.get(key, ask);
    await contents.get("a", ask);
    await contents.get("d", ask); // b goes
    await contents.get("a", ask);
    expect(asked).toBe(4);
    await contents.get("b", ask);
    expect(asked).toBe(5);
  });

  it("keeps one that is larger than all it may keep", async () => {
    const contents = new Contents<string>(4);
    let asked = 0;
    const ask = async () => `${++asked}`.repeat(100);
    await contents.get("a", ask);
    await contents.get("a", ask);
    expect(asked).toBe(1);
  });

  it("has four questions open at most, and goes on after errors", async () => {
    const contents = new Contents<number>();
    const gates = Array.from({ length: 7 }, () => later<number>());
    let open = 0;
    const all = gates.map((gate, place) =>
      contents
        .get(`${place}`, () => {
          open++;
          return gate.promise;
        })
        .catch(() => -1),
    );
    await settled();
    expect(open).toBe(4);
    gates[0]?.reject(new Error("gone"));
    gates[1]?.resolve(1);
    await settled();
    expect(open).toBe(6);
    gates.forEach((gate, place) => {
      gate.resolve(place);
    });
    expect(await Promise.all(all)).toEqual([-1, 1, 2, 3, 4, 5, 6]);
  });
});

describe("groupsOf", () => {
  it("puts columns into groups by what they are, in order", () => {
    const options = ["params.lr", "params.a.b", "metrics.val.loss", "duration", "metrics.x"];
    const found = groupsOf({ name: "x", label: "x", options, grouped: true });
    expect(found).toEqual([
      {
        group: "params",
        options: [
          { value: "params.lr", label: "lr" },
          { value: "params.a.b", label: "a.b" },
        ],
      },
      {
        group: "metrics",
        options: [
          { value: "metrics.val.loss", label: "val.loss" },
          { value: "metrics.x", label: "x" },
        ],
      },
      { group: "run", options: [{ value: "duration", label: "duration" }] },
    ]);
  });

  it("takes names of metrics as they are", () => {
    const options = ["params.loss", "two\nlines", ""];
    const found = groupsOf({ name: "metric", label: "for", options, grouped: false });
    expect(found.map(({ group }) => group)).toEqual([""]);
    expect(found[0]?.options.map(({ label }) => label)).toEqual(options);
  });
});
