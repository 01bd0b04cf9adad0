// Questions of the page to Python, each with its answer; the twin of views/rpc.py.

interface Channel {
  send(message: unknown): void;
  // biome-ignore lint/suspicious/noExplicitAny: as the front end's models have it
  on(event: string, callback: (...args: any[]) => void): void;
  // biome-ignore lint/suspicious/noExplicitAny: as the front end's models have it
  off(event: string, callback: (...args: any[]) => void): void;
}

interface Answer {
  kind?: string;
  id?: string;
  result?: unknown;
  error?: string;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
  timer: ReturnType<typeof setTimeout>;
}

/** Asks Python; what it does not answer in time is an error. */
export class Rpc {
  readonly #channel: Channel;
  readonly #waiting = new Map<string, Waiting>();
  /** Several views of one widget hear all of its answers. */
  readonly #mine = Math.random().toString(36).slice(2);
  #last = 0;

  constructor(channel: Channel) {
    this.#channel = channel;
    channel.on("msg:custom", this.#receive);
  }

  /** Gives Python's answer; rejects with its error, or when none comes. */
  ask<T>(method: string, params: Record<string, unknown> = {}, patience = 20_000): Promise<T> {
    const id = `${this.#mine} ${++this.#last}`;
    return new Promise<T>((resolve, reject) => {
      const fail = () => {
        this.#waiting.delete(id);
        reject(new Error("the kernel does not answer: it is busy or gone"));
      };
      const timer = setTimeout(fail, patience);
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject, timer });
      try {
        this.#channel.send({ kind: "ask", id, method, params });
      } catch {
        clearTimeout(timer); // a model whose kernel was restarted sends nothing
        fail();
      }
    });
  }

  dispose(): void {
    this.#channel.off("msg:custom", this.#receive);
    for (const { timer } of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
  }

  readonly #receive = (message: Answer, buffers?: DataView[]): void => {
    if (message?.kind !== "answer" || message.id === undefined) return;
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return;
    this.#waiting.delete(message.id);
    clearTimeout(waiting.timer);
    const data = buffers?.[0];
    if (message.error === undefined) {
      waiting.resolve(data ? { result: message.result, data } : message.result);
    } else waiting.reject(new Error(message.error));
  };
}
