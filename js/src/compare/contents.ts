// Contents that the page has got, so that a slider that comes back asks for nothing twice.

interface Kept<T> {
  value: Promise<T>;
  size: number;
}

/** Characters of JSON; pictures are most of it. */
const LIMIT = 48 << 20;
/** How many questions are open at once: what waits behind them here cannot be late there. */
const AT_ONCE = 4;

/** Keeps what was asked for, up to a size; what was looked at longest ago goes first. */
export class Contents<T> {
  readonly #kept = new Map<string, Kept<T>>();
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];
  #size = 0;
  #open = 0;

  constructor(limit = LIMIT) {
    this.#limit = limit;
  }

  /** Gives what is kept under a key, or asks for it; an error is not kept. */
  get(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#kept.get(key);
    if (known) {
      this.#kept.delete(key);
      this.#kept.set(key, known);
      return known.value;
    }
    const kept: Kept<T> = { value: this.#inTurn(ask), size: 0 };
    this.#kept.set(key, kept);
    kept.value.then(
      (value) => this.#weigh(key, kept, JSON.stringify(value).length),
      () => {
        if (this.#kept.get(key) === kept) this.#kept.delete(key);
      },
    );
    return kept.value;
  }

  async #inTurn(ask: () => Promise<T>): Promise<T> {
    if (this.#open >= AT_ONCE) await new Promise<void>((go) => this.#waiting.push(go));
    else this.#open++;
    try {
      return await ask();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#open--;
    }
  }

  #weigh(key: string, kept: Kept<T>, size: number): void {
    if (this.#kept.get(key) !== kept) return;
    kept.size = size;
    this.#size += size;
    for (const [oldest, { size }] of this.#kept) {
      if (this.#size <= this.#limit || oldest === key) break;
      this.#size -= size;
      this.#kept.delete(oldest);
    }
  }
}
