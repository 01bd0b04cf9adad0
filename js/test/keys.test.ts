import { afterEach, describe, expect, it } from "vitest";
import { guardKeys } from "../src/keys";

const ATTRIBUTE = "data-lm-suppress-shortcuts";

describe("guardKeys", () => {
  afterEach(() => document.body.replaceChildren());

  function press(target: Element, key: string, more: KeyboardEventInit = {}): void {
    target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, ...more }));
  }

  it("marks what has the focus, for a shortcut that would fit any button", () => {
    const root = document.createElement("div");
    const button = document.createElement("button");
    const outside = document.createElement("button");
    root.append(button);
    document.body.append(root, outside);
    const free = guardKeys(root);
    press(button, "x");
    expect(button.hasAttribute(ATTRIBUTE)).toBe(true);
    press(button, "s", { ctrlKey: true });
    expect(button.hasAttribute(ATTRIBUTE)).toBe(false);
    expect(root.hasAttribute(ATTRIBUTE)).toBe(false);
    press(outside, "x");
    expect(outside.hasAttribute(ATTRIBUTE)).toBe(false);
    free();
    press(button, "x");
    expect(button.hasAttribute(ATTRIBUTE)).toBe(false);
  });
});
