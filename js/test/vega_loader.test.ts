import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it, vi } from "vitest";
import { loadVega } from "../src/vega_loader";
import { MockModel } from "./mock_model";

const KEY = "__celltrail_vega_0_1";

describe("bringing the drawing library into the page", () => {
  afterEach(() => {
    delete (globalThis as Record<string, unknown>)[KEY];
    vi.useRealTimers();
  });

  it("asks once for several charts", () => {
    const [first, second] = [new MockModel({}), new MockModel({})];
    void loadVega(first as never);
    void loadVega(second as never);
    expect(first.sent).toEqual([{ kind: "want-vega" }]);
    expect(second.sent).toEqual([]);
  });
  it("lets the second ask too when the first gets no answer", () => {
    vi.useFakeTimers();
    const [first, second] = [new MockModel({}), new MockModel({})];
    void loadVega(first as never, 1000);
    void loadVega(second as never, 1000);
    vi.advanceTimersByTime(1100);
    expect(second.sent).toEqual([{ kind: "want-vega" }]);
  });
  it("ignores messages that are not the library", () => {
    const model = new MockModel({});
    void loadVega(model as never);
    model.emit("msg:custom", { kind: "other" }, [new DataView(gzipSync("x").buffer)]);
    model.emit("msg:custom", { kind: "vega" }, []);
    expect(model.listening("msg:custom")).toBe(1);
  });
});
