// What each key means in the grid. Knows no DOM but the event.

/** Where the keyboard is, and how far it can go. */
export interface Place {
  row: number;
  column: number;
  rows: number;
  columns: number;
  /** Rows that a page has. */
  page: number;
  /** Whether what stands below the row is shown; null where there is nothing. */
  expandable: boolean | null;
}

export type Answer =
  | { kind: "move"; row: number; column: number; extend: boolean }
  | { kind: "sort"; more: boolean }
  | { kind: "pick"; extend: boolean }
  | { kind: "toggle" | "menu" | "details" | "all" | "none" };

/** Says what a key asks for; null when it means nothing here. */
export function answerOf(event: KeyboardEvent, place: Place): Answer | null {
  const { row, column, page, expandable } = place;
  const ctrl = event.ctrlKey || event.metaKey;
  const last = place.rows - 1;
  const moves: Record<string, [number, number]> = {
    ArrowDown: [row + 1, column],
    ArrowUp: [row - 1, column],
    ArrowLeft: [row, column - 1],
    ArrowRight: [row, column + 1],
    PageDown: [row + page, column],
    PageUp: [Math.max(0, row - page), column],
    Home: ctrl ? [0, column] : [row, 0],
    End: ctrl ? [last, column] : [row, place.columns - 1],
  };
  // with Alt, as in trees: open and close what stands below
  if (event.altKey) {
    const wanted = { ArrowRight: false, ArrowLeft: true }[event.key];
    return wanted !== undefined && expandable === wanted ? { kind: "toggle" } : null;
  }
  const move = moves[event.key];
  if (move) {
    return {
      kind: "move",
      row: Math.min(last, Math.max(-1, move[0])),
      column: Math.min(place.columns - 1, Math.max(0, move[1])),
      extend: event.shiftKey,
    };
  }
  if (row < 0 && (event.key === "Enter" || event.key === " ")) {
    return { kind: "sort", more: event.shiftKey };
  }
  if (row < 0 && event.key === "m") return { kind: "menu" };
  if (event.key === " ") return { kind: "pick", extend: event.shiftKey };
  if (event.key === "Enter") return { kind: "details" };
  if (event.key === "a" && ctrl) return { kind: "all" };
  if (event.key === "Escape") return { kind: "none" };
  return null;
}
