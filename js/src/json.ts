// Params that have other types in other runs travel as JSON, as Python writes it.

const SPECIAL: Record<string, number> = { NaN: Number.NaN, Infinity, "-Infinity": -Infinity };

/** Reads a value; a whole number of any size stays exact, what is no JSON is an object. */
export function jsonValue(text: string): unknown {
  if (text in SPECIAL) return SPECIAL[text];
  if (/^-?\d+$/.test(text)) {
    const number = Number(text);
    return Number.isSafeInteger(number) ? number : BigInt(text);
  }
  try {
    return JSON.parse(text);
  } catch {
    return { text }; // cut off, or with a NaN inside: equal to nothing
  }
}

/** Writes a value for a cell: a text and a list of texts bare, the rest as it is. */
export function jsonText(text: string): string {
  const value = /^["[]/.test(text) ? jsonValue(text) : null;
  if (typeof value === "string") return value;
  const isTexts = Array.isArray(value) && value.length > 0;
  if (isTexts && value.every((one) => typeof one === "string")) return value.join(", ");
  return text;
}
