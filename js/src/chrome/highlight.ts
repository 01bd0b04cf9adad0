// Python in colours: what each piece of a text is. Gives texts, never markup.

export interface Piece {
  kind: "plain" | "comment" | "text" | "number" | "word" | "magic";
  text: string;
}

const WORDS =
  "False None True and as assert async await break class continue def del elif else except " +
  "finally for from global if import in is lambda nonlocal not or pass raise return try while " +
  "with yield match case";

const PIECE = new RegExp(
  [
    "(?<comment>#[^\\n]*)",
    `(?<text>[rbfuRBFU]{0,2}(?:"""[\\s\\S]*?(?:"""|(?![\\s\\S]))|'''[\\s\\S]*?(?:'''|(?![\\s\\S]))|"(?:\\\\.|[^"\\\\\\n])*"?|'(?:\\\\.|[^'\\\\\\n])*'?))`,
    "(?<magic>^[ \\t]*(?:%%?|!)[^\\n]*|^[ \\t]*@[\\w.]+)",
    "(?<number>(?<![\\w.])(?:0[xob][\\da-fA-F_]+|(?:\\d[\\d_]*\\.?[\\d_]*|\\.\\d[\\d_]*)(?:[eE][+-]?\\d+)?j?))",
    `(?<word>(?<![\\w.])(?:${WORDS.replaceAll(" ", "|")})(?!\\w))`,
  ].join("|"),
  "gm",
);

/** Cuts a cell into pieces of one kind each; together they are the whole text. */
export function highlight(code: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of code.matchAll(PIECE)) {
    const [kind, text] = Object.entries(match.groups ?? {}).find(([, part]) => part) ?? [];
    if (!text) continue;
    if (match.index > end) pieces.push({ kind: "plain", text: code.slice(end, match.index) });
    pieces.push({ kind: kind as Piece["kind"], text });
    end = match.index + match[0].length;
  }
  if (end < code.length) pieces.push({ kind: "plain", text: code.slice(end) });
  return pieces;
}
