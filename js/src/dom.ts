// Small help for making elements.

/** Makes an element with a class and, if given, a text. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  text?: string,
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

/** Brings a parent to exactly `count` children, kept and reused. */
export function recycle(parent: HTMLElement, count: number, create: () => HTMLElement): void {
  while (parent.childElementCount > count) parent.lastElementChild?.remove();
  while (parent.childElementCount < count) parent.append(create());
}

/** Measures texts in the element's own font; where there is no canvas, by their length. */
export function measurer(element: HTMLElement, weight = "400"): (text: string) => number {
  const context = document.createElement("canvas").getContext?.("2d");
  const style = getComputedStyle(element);
  if (!context) return (text) => text.length * 7;
  context.font = `${weight} ${style.fontSize || "13px"} ${style.fontFamily || "sans-serif"}`;
  return (text) => context.measureText(text).width;
}
