import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Rpc } from "../src/rpc";
import { MockModel } from "./mock_model";

const SILENCE = "the kernel does not answer: it is busy or gone";

describe("a question to Python", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("is an error when no answer comes in time", async () => {
    const answer = new Rpc(new MockModel({})).ask("code");
    vi.advanceTimersByTime(20_000);
    await expect(answer).rejects.toThrow(SILENCE);
  });
  it("is one at once when the kernel was restarted, and in the same words", async () => {
    const model = new MockModel({});
    model.send = () => {
      throw new Error("Cannot send");
    };
    await expect(new Rpc(model).ask("code")).rejects.toThrow(SILENCE);
    expect(vi.getTimerCount()).toBe(0);
  });
});
