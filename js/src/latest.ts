// Work of which only the newest counts: a slider that is drawn asks for what it has come to.

/** Does one thing at a time; of what is wanted meanwhile only the last is done. */
export class Latest<T> {
  readonly #work: (wanted: T) => Promise<void>;
  #next: { wanted: T } | null = null;
  #busy = false;

  /** Takes the work, which tells its own errors. */
  constructor(work: (wanted: T) => Promise<void>) {
    this.#work = work;
  }

  want(wanted: T): void {
    this.#next = { wanted };
    if (!this.#busy) void this.#run();
  }

  /** Forgets what is wanted and not begun. */
  forget(): void {
    this.#next = null;
  }

  async #run(): Promise<void> {
    this.#busy = true;
    try {
      while (this.#next) {
        const { wanted } = this.#next;
        this.#next = null;
        await this.#work(wanted);
      }
    } finally {
      this.#busy = false;
    }
  }
}
