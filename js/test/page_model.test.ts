import { describe, expect, it } from "vitest";
import { type Around, type Given, PageModel } from "../src/page_model";

const GIVEN: Given = {
  state: { where: "", selected_ids: [], _data: { $packed: 7 } },
  answers: [{ method: "details", params: { id: "a", draw: false }, result: { title: "A" } }],
  curves: {
    heads: [
      { metric: "loss", id: "a", points: 1 },
      { metric: "loss", id: "b", points: 2 },
    ],
    data: { $packed: 8 },
  },
};

function around(peers: PageModel[] = []): Around {
  const contents: Record<number, number[]> = { 7: [1, 2], 8: [10, 11, 20, 21, 22, 23] };
  return {
    content: async (place) => Uint8Array.from(contents[place] ?? []),
    vega: async () => new DataView(new ArrayBuffer(3)),
    peers,
    gone: "not here",
  };
}

type Heard = [message: Record<string, unknown>, buffers: DataView[]];

async function ask(model: PageModel, message: Record<string, unknown>): Promise<Heard> {
  return new Promise((resolve) => {
    model.on("msg:custom", (...heard) => resolve(heard as Heard));
    model.send(message as never);
  });
}

describe("the model of a page without a kernel", () => {
  it("hands bytes over as a front end does", async () => {
    const data = (await PageModel.of(GIVEN, around())).get("_data") as DataView;
    expect([data.getUint8(0), data.getUint8(1), data.byteLength]).toEqual([1, 2, 2]);
  });

  it("answers what the page holds, whatever the order of the parameters", async () => {
    const model = await PageModel.of(GIVEN, around());
    const params = { draw: false, id: "a" };
    const [answer] = await ask(model, { kind: "ask", id: "1", method: "details", params });
    expect(answer).toEqual({ kind: "answer", id: "1", result: { title: "A" } });
  });

  it("says of anything else that it is not there", async () => {
    const model = await PageModel.of(GIVEN, around());
    const params = { id: "b", draw: false };
    const [answer] = await ask(model, { kind: "ask", id: "2", method: "details", params });
    expect(answer).toEqual({ kind: "answer", id: "2", error: "not here" });
  });

  it("gives the curves that are asked for, each with its bytes", async () => {
    const model = await PageModel.of(GIVEN, around());
    const params = { wanted: { loss: ["b", "none"], other: ["a"] }, pixels: 80 };
    const [answer, buffers] = await ask(model, { kind: "ask", id: "3", method: "curves", params });
    expect(answer.result).toEqual([{ metric: "loss", id: "b", points: 2 }]);
    expect([...new Uint8Array((buffers[0] as DataView).buffer)]).toEqual([20, 21, 22, 23]);
  });

  it("brings the library that draws", async () => {
    const [message, buffers] = await ask(await PageModel.of(GIVEN, around()), {
      kind: "want-vega",
    });
    expect([message.kind, buffers[0]?.byteLength]).toEqual(["vega", 3]);
  });

  it("shares its selection and nothing else", async () => {
    const peers: PageModel[] = [];
    for (let i = 0; i < 2; i++) peers.push(await PageModel.of(GIVEN, around(peers)));
    const [one, other] = peers as [PageModel, PageModel];
    const heard: string[] = [];
    other.on("change:selected_ids", () => heard.push("selected"));
    one.set("selected_ids", ["a"]);
    one.set("selected_ids", ["a"]); // no change
    one.set("where", "x > 1");
    expect(other.get("selected_ids")).toEqual(["a"]);
    expect(other.get("where")).toBe("");
    expect(heard).toEqual(["selected"]);
  });
});
