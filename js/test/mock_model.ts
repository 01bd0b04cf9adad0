/** A model as the front end gives it, without a kernel behind it. */
export class MockModel {
  readonly sent: unknown[] = [];
  saves = 0;
  readonly #values: Record<string, unknown>;
  readonly #listeners = new Map<string, Set<(...args: unknown[]) => void>>();

  constructor(values: Record<string, unknown>) {
    this.#values = values;
  }
  get(name: string): unknown {
    return this.#values[name];
  }
  set(name: string, value: unknown): void {
    this.#values[name] = value;
    this.emit(`change:${name}`);
  }
  save_changes(): void {
    this.saves++;
  }
  on(name: string, listener: (...args: unknown[]) => void): void {
    if (!this.#listeners.has(name)) this.#listeners.set(name, new Set());
    this.#listeners.get(name)?.add(listener);
  }
  off(name: string, listener: (...args: unknown[]) => void): void {
    this.#listeners.get(name)?.delete(listener);
  }
  send(message: unknown): void {
    this.sent.push(message);
  }
  emit(name: string, ...args: unknown[]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) listener(...args);
  }
  listening(name: string): number {
    return this.#listeners.get(name)?.size ?? 0;
  }
}
