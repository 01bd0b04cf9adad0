// The language of filters and orderings: text to tree; the twin of query/filters.py.
import { type Clause, type Literal, type Node, type Operator, quotedName, WORDS } from "./tree";

/** A filter or an ordering that cannot be read, or does not fit the runs. */
export class FilterError extends Error {
  /** Where in the text the trouble starts, if there is one place. */
  readonly position: number | null;

  constructor(problem: string, position: number | null = null) {
    super(problem);
    this.position = position;
  }
}

// The classes of letters and digits that Python's \w and \d have.
const WORD = "[\\p{L}\\p{N}_]";
const TOKEN = new RegExp(
  [
    `\\s*(?:(?<ago>-\\d+(?:\\.\\d+)?[smhdw](?!${WORD}))`,
    `(?<number>[+-]inf(?!${WORD})|[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?(?![\\p{L}\\p{N}_.]))`,
    `(?<text>'(?:[^'\\\\]|\\\\.)*'|"(?:[^"\\\\]|\\\\.)*")`,
    "(?<quoted>`(?:[^`]|``)+`)",
    "(?<op>==|!=|<>|<=|>=|=|<|>)",
    "(?<mark>[(),])",
    "(?<word>[\\p{L}\\p{Nl}\\p{No}_][\\p{L}\\p{N}_./:\\-]*))",
  ].join("|"),
  "uy",
);
const LONGEST = 4_000;
const DEEPEST = 100;
const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const OPS: Record<string, Operator> = { "==": "=", "<>": "!=" };
const CONSTANTS: Record<string, Literal> = {
  true: true,
  false: false,
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
};

export interface Token {
  kind: "ago" | "number" | "text" | "quoted" | "op" | "mark" | "word" | "end";
  text: string;
  position: number;
}

/** Cuts a filter into its tokens; the last is its end. */
export function tokens(text: string): Token[] {
  const found: Token[] = [];
  const end = text.trimEnd().length;
  let position = 0;
  while (position < end) {
    TOKEN.lastIndex = position;
    const match = TOKEN.exec(text);
    if (!match?.groups) {
      const rest = text.slice(position);
      const start = position + rest.length - rest.trimStart().length;
      const sign = String.fromCodePoint(text.codePointAt(start) ?? 0);
      throw new FilterError(`cannot read ${quoted(sign)} here`, start);
    }
    const [kind, value] = Object.entries(match.groups).find(([, part]) => part !== undefined) ?? [];
    position = TOKEN.lastIndex;
    found.push({
      kind: kind as Token["kind"],
      text: value ?? "",
      position: position - (value ?? "").length,
    });
  }
  return [...found, { kind: "end", text: "", position: text.length }];
}

/** Gives a name as it is from how it stands in a filter or an ordering. */
export function plainName(text: string): string {
  return text.startsWith("`") ? text.slice(1, -1).replaceAll("``", "`") : text;
}

/** Gives the times in a filter their zone, so that they mean the same in the kernel. */
export function withZones(text: string, isTime: (name: string) => boolean): string {
  let name = "";
  let done = "";
  let end = 0;
  for (const token of tokens(text)) {
    const isName = token.kind === "word" || token.kind === "quoted";
    if (isName && !WORDS.has(token.text.toLowerCase())) name = plainName(token.text);
    const local = token.kind === "text" ? LOCAL_TIME.exec(token.text.slice(1, -1)) : null;
    if (!local || !isTime(name)) continue;
    const moment = local[1] ? local[0] : `${local[0]} 00:00`;
    done += `${text.slice(end, token.position)}'${moment}${zoneOf(moment)}'`;
    end = token.position + token.text.length;
  }
  return done + text.slice(end);
}

const LOCAL_TIME = /^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)?$/;

/** Gives the zone that a moment without one has in this browser. */
function zoneOf(moment: string): string {
  const minutes = -new Date(moment.replace(" ", "T")).getTimezoneOffset();
  const two = (n: number) => String(Math.floor(n)).padStart(2, "0");
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(size / 60)}:${two(size % 60)}`;
}

/** Writes a text as Python shows it. */
export function quoted(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const safe = text.replaceAll("\\", "\\\\");
  return mark + (mark === "'" ? safe.replaceAll("'", "\\'") : safe) + mark;
}

/** A recursive descent over the tokens of one text. */
class Parser {
  readonly #tokens: Token[];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#tokens = tokens(text);
  }

  get #now(): Token {
    return this.#tokens[this.#at] as Token;
  }

  /** The keyword or mark that the next token may be. */
  get #word(): string {
    const { kind, text } = this.#now;
    return kind === "word" ? text.toLowerCase() : kind === "mark" ? text : "";
  }

  #take(): Token {
    const token = this.#now;
    if (token.kind !== "end") this.#at++;
    return token;
  }

  #fail(expected: string, token: Token = this.#now): FilterError {
    const found = token.kind === "end" ? "the end" : token.text;
    return new FilterError(`expected ${expected}, found ${found}`, token.position);
  }

  #expect(word: string): void {
    if (this.#word !== word) throw this.#fail(`'${word}'`);
    this.#take();
  }

  whole(): Node {
    const node = this.#either();
    if (this.#now.kind !== "end") throw this.#fail("'and', 'or' or the end");
    return node;
  }

  #either(): Node {
    const parts = [this.#both()];
    while (this.#word === "or") {
      this.#take();
      parts.push(this.#both());
    }
    return parts.length === 1 ? (parts[0] as Node) : { kind: "or", parts };
  }

  #both(): Node {
    const parts = [this.#negated()];
    while (this.#word === "and") {
      this.#take();
      parts.push(this.#negated());
    }
    return parts.length === 1 ? (parts[0] as Node) : { kind: "and", parts };
  }

  #negated(): Node {
    const word = this.#word;
    if (word !== "not" && word !== "(") return this.#clause();
    if (++this.#depth > DEEPEST) {
      throw new FilterError("it is nested too deeply", this.#now.position);
    }
    this.#take();
    const node: Node = word === "not" ? { kind: "not", part: this.#negated() } : this.#either();
    if (word === "(") this.#expect(")");
    this.#depth--;
    return node;
  }

  #clause(): Node {
    const token = this.#take();
    if (token.kind !== "word" && token.kind !== "quoted") {
      throw this.#fail("a name such as params.lr", token);
    }
    const clause = (op: Operator, values: Literal[]): Clause => ({
      kind: "clause",
      name: plainName(token.text),
      op,
      values,
      position: token.position,
    });
    const word = this.#word;
    const op = this.#take();
    if (op.kind === "op") return clause(OPS[op.text] ?? (op.text as Operator), [this.#value()]);
    if (word === "is") {
      const negated = this.#word === "not";
      if (negated) this.#take();
      this.#expect("null");
      const part = clause("null", []);
      return negated ? { kind: "not", part } : part;
    }
    if (word === "in") return clause("in", this.#values());
    if (word === "not" && this.#word === "in") {
      this.#take();
      return { kind: "not", part: clause("in", this.#values()) };
    }
    if (word === "like" || word === "has") {
      const at = this.#now;
      const value = this.#value();
      if (typeof value !== "string") throw this.#fail("a text in quotes", at);
      return clause(word, [value]);
    }
    throw this.#fail("=, !=, <, <=, >, >=, in, like, has or is", op);
  }

  #values(): Literal[] {
    this.#expect("(");
    const values = [this.#value()];
    while (this.#word === ",") {
      this.#take();
      values.push(this.#value());
    }
    this.#expect(")");
    return values;
  }

  #value(): Literal {
    const word = this.#word;
    const token = this.#take();
    switch (token.kind) {
      case "number":
        if (token.text.length > LONGEST) {
          throw this.#fail(`a number of at most ${LONGEST} digits`, token);
        }
        if (/^[+-]?\d+$/.test(token.text)) return BigInt(token.text.replace(/^\+/, ""));
        return token.text.endsWith("inf")
          ? token.text.startsWith("-")
            ? -Infinity
            : Infinity
          : Number(token.text);
      case "text":
        return token.text.slice(1, -1).replace(/\\(.)/gu, "$1");
      case "ago":
        return { ago: Number(token.text.slice(1, -1)) * (SECONDS[token.text.at(-1) ?? "s"] ?? 1) };
      case "word": {
        const constant = Object.hasOwn(CONSTANTS, word) ? CONSTANTS[word] : undefined;
        if (constant !== undefined) return constant;
        throw this.#fail(`a value; a text stands in quotes: '${token.text}'`, token);
      }
      default:
        throw this.#fail("a value", token);
    }
  }
}

/** Reads a filter such as `params.lr < 0.1 and metrics.acc > 0.9`; throws a FilterError. */
export function parseFilter(text: string): Node {
  return new Parser(text).whole();
}

/** One column of an ordering. */
export interface Sort {
  column: string;
  descending: boolean;
}

/** Reads an ordering such as `metrics.acc desc, started`; throws a FilterError. */
export function parseOrder(text: string): Sort[] {
  const order: Sort[] = [];
  for (const part of text.match(/(?:`(?:[^`]|``)*`|[^,`])+/g) ?? []) {
    const match = /^\s*(?:(`(?:[^`]|``)+`)|([^\s`]\S*))(?:\s+(asc|desc))?\s*$/i.exec(part);
    if (!match) {
      throw new FilterError(`cannot read the ordering ${quoted(part.trim())}`, text.indexOf(part));
    }
    order.push({
      column: plainName(match[1] ?? match[2] ?? ""),
      descending: match[3]?.toLowerCase() === "desc",
    });
  }
  if (!order.length) throw new FilterError("the ordering is empty");
  return order;
}

/** Writes an ordering that is read as the same one. */
export function writeOrder(order: readonly Sort[]): string {
  const name = (column: string) => (/^[^\s,`]+$/.test(column) ? column : quotedName(column));
  return order.map((s) => name(s.column) + (s.descending ? " desc" : "")).join(", ");
}
