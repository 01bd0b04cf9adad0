// The model of a view in a page without a kernel: it keeps what it is told, answers from what
// came with the page, and shares its selection with all other views of the page.

/** A question with the answer that the page holds. */
export interface Question {
  method: string;
  params: Record<string, unknown>;
  result: unknown;
}

interface CurveOf {
  metric: string;
  id: string;
  points: number;
}

/** The curves in the cells of a table: heads, and where their bytes are. */
export interface Curves {
  heads: CurveOf[];
  data: { $packed: number };
}

export interface Given {
  state: Record<string, unknown>;
  answers: Question[];
  curves: Curves | null;
}

export interface Around {
  /** Gives what was packed at a place. */
  content(place: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Gives the library that draws charts, gzipped. */
  vega(): Promise<DataView | null>;
  /** The models of all views of the page; this one comes to them. */
  peers: PageModel[];
  /** What is said when something is not in the page. */
  gone: string;
}

type Listener = (...args: unknown[]) => void;

interface Message {
  kind?: string;
  id?: string;
  method?: string;
  params?: Record<string, unknown>;
}

/** Makes a view of bytes, as a front end hands them over. */
export function viewOf(bytes: Uint8Array<ArrayBuffer>): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Writes a question so that the same question gives the same text. */
function keyOf(method: string, params: Record<string, unknown>): string {
  const sorted = Object.keys(params)
    .sort()
    .map((name) => [name, params[name] ?? null]);
  return JSON.stringify([method, sorted]);
}

export class PageModel {
  readonly #values: Record<string, unknown>;
  readonly #answers: Map<string, unknown>;
  readonly #curves: Map<string, { head: CurveOf; drawn: Uint8Array }>;
  readonly #around: Around;
  readonly #listeners = new Map<string, Set<Listener>>();

  private constructor(
    values: Record<string, unknown>,
    answers: Map<string, unknown>,
    curves: Map<string, { head: CurveOf; drawn: Uint8Array }>,
    around: Around,
  ) {
    this.#values = values;
    this.#answers = answers;
    this.#curves = curves;
    this.#around = around;
  }

  /** Makes the model of a view. */
  static async of({ state, answers, curves }: Given, around: Around): Promise<PageModel> {
    const values: Record<string, unknown> = Object.create(null);
    for (const [name, value] of Object.entries(state)) {
      const place = (value as { $packed?: number } | null)?.$packed;
      values[name] = place === undefined ? value : viewOf(await around.content(place));
    }
    const known = new Map(answers.map((one) => [keyOf(one.method, one.params), one.result]));
    const drawn = new Map<string, { head: CurveOf; drawn: Uint8Array }>();
    if (curves) {
      const bytes = await around.content(curves.data.$packed);
      let at = 0;
      for (const head of curves.heads) {
        const part = bytes.subarray(at, at + 2 * head.points);
        drawn.set(`${head.id} ${head.metric}`, { head, drawn: part });
        at += 2 * head.points;
      }
    }
    return new PageModel(values, known, drawn, around);
  }

  get(name: string): unknown {
    return this.#values[name];
  }

  set(name: string, value: unknown): void {
    this.#put(name, value);
    if (name !== "selected_ids") return;
    for (const peer of this.#around.peers) if (peer !== this) peer.#put(name, value);
  }

  #put(name: string, value: unknown): void {
    if (JSON.stringify(this.#values[name]) === JSON.stringify(value)) return;
    this.#values[name] = value;
    this.#emit(`change:${name}`);
  }

  save_changes(): void {}

  on(name: string, listener: Listener): void {
    const known = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, known.add(listener));
  }

  off(name: string, listener: Listener): void {
    this.#listeners.get(name)?.delete(listener);
  }

  /** Hears what a view would say to Python, and answers as that would have. */
  send(message: Message): void {
    if (message.kind === "want-vega") {
      this.#around.vega().then((data) => {
        if (data) this.#emit("msg:custom", { kind: "vega" }, [data]);
      });
    } else if (message.kind === "ask") {
      queueMicrotask(() => {
        if (message.method === "curves") this.#answerCurves(message);
        else this.#answer(message);
      });
    }
  }

  #answer({ id, method = "", params = {} }: Message): void {
    const key = keyOf(method, params);
    const found = this.#answers.has(key)
      ? { result: this.#answers.get(key) }
      : { error: this.#around.gone };
    this.#emit("msg:custom", { kind: "answer", id, ...found }, []);
  }

  #answerCurves({ id, params }: Message): void {
    const asked = Object.entries((params?.wanted ?? {}) as Record<string, string[]>);
    const found = asked.flatMap(([metric, ids]) =>
      ids.flatMap((run) => this.#curves.get(`${run} ${metric}`) ?? []),
    );
    const bytes = new Uint8Array(found.reduce((sum, one) => sum + one.drawn.length, 0));
    let at = 0;
    for (const { drawn } of found) {
      bytes.set(drawn, at);
      at += drawn.length;
    }
    const answer = { kind: "answer", id, result: found.map(({ head }) => head) };
    this.#emit("msg:custom", answer, [viewOf(bytes)]);
  }

  #emit(name: string, ...args: unknown[]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) listener(...args);
  }
}
