// Which runs are selected, and how clicks and keys change that. Knows no DOM.

export interface Modifiers {
  shift?: boolean;
  toggle?: boolean;
}

/** Selected runs by id. Positions are places in the order shown; "" stands for no run. */
export class Selection {
  readonly #selected = new Set<string>();
  #anchor: string | null = null;

  get size(): number {
    return this.#selected.size;
  }

  has(id: string): boolean {
    return this.#selected.has(id);
  }

  /** Takes over what Python or another view says. */
  replace(ids: Iterable<string>): void {
    this.#selected.clear();
    for (const id of ids) if (id) this.#selected.add(id);
  }

  clear(): void {
    this.#selected.clear();
    this.#anchor = null;
  }

  all(ids: readonly string[]): void {
    this.replace(ids);
  }

  /** Selects all of some runs, or none of them when all are. */
  toggleAll(ids: readonly string[]): void {
    const every = ids.every((id) => this.#selected.has(id));
    for (const id of ids) {
      if (every) this.#selected.delete(id);
      else this.#selected.add(id);
    }
  }

  /** A click or a key on a row: alone, as one more or one less, or as a range from the last. */
  pick(ids: readonly string[], position: number, { shift, toggle }: Modifiers = {}): void {
    const id = ids[position];
    if (!id) return;
    const anchor = this.#anchor === null ? -1 : ids.indexOf(this.#anchor);
    if (shift && anchor >= 0) {
      const [from, to] = anchor < position ? [anchor, position] : [position, anchor];
      if (!toggle) this.#selected.clear();
      for (const member of ids.slice(from, to + 1)) if (member) this.#selected.add(member);
      return; // the anchor stays: the next shift-click stretches from the same place
    }
    if (!toggle) this.#selected.clear();
    if (toggle && this.#selected.has(id)) this.#selected.delete(id);
    else this.#selected.add(id);
    this.#anchor = id;
  }

  /** Gives the selected ids in the order of `ids`. */
  inOrder(ids: readonly string[]): string[] {
    return ids.filter((id) => this.#selected.has(id));
  }
}
