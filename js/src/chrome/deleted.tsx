// Deleting runs, which hides them, and bringing them back; the twin of views/deleted.py.
import { useEffect, useRef, useState } from "preact/hooks";
import { plural } from "../format";
import { type Signal, signal } from "../signals";
import type { TableState } from "../table/state";
import type { Python } from "./more_menu";
import { Popover } from "./popover";

export interface DeletedRun {
  id: string;
  number: number;
  label: string;
  experiment: string;
  when: string;
}

export interface DeletedRuns {
  rows: DeletedRun[];
  total: number;
}

/** What was just done: said below the rows, until it is undone or put away. */
interface Done {
  text: string;
  /** The runs that come back by «Undo». */
  ids: string[];
  isProblem?: boolean;
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Deletes runs of a table and restores them. */
export class Removal {
  readonly done: Signal<Done | null> = signal(null);
  readonly #state: TableState;
  readonly #services: Python;

  constructor(state: TableState, services: Python) {
    this.#state = state;
    this.#services = services;
  }

  /** The runs that would be deleted, and how many of these are not among the rows. */
  chosen(): { ids: string[]; unseen: number } {
    const { ids: all, beyond } = this.#state.data.value;
    const own = new Set(all);
    // a linked view may have selected runs that are none of this table's
    const ids = this.#state.get("selected_ids").filter((id) => beyond.length || own.has(id));
    const seen = new Set(Array.from(this.#state.rows.value, (row) => all[row]));
    return { ids, unseen: ids.filter((id) => !seen.has(id)).length };
  }

  async delete(ids: string[]): Promise<void> {
    await this.#say(async () => {
      const { deleted } = await this.#services.delete(ids);
      return { text: `${plural(deleted, "run")} deleted`, ids };
    });
  }

  async undo(ids: string[]): Promise<void> {
    await this.#say(async () => {
      await this.#services.restore(ids);
      return null;
    });
  }

  /** Restores one run of the list, and says how many rows the table has for it: 1 or 0. */
  async restore(id: string): Promise<number> {
    const { shown } = await this.#services.restore([id]);
    const done = this.done.value;
    if (done && !done.isProblem) {
      const ids = done.ids.filter((one) => one !== id);
      this.done.value = ids.length ? { ...done, ids } : null;
    }
    return shown;
  }

  async #say(act: () => Promise<Done | null>): Promise<void> {
    try {
      this.done.value = await act();
    } catch (error) {
      this.done.value = { text: sentence(error), ids: [], isProblem: true };
    }
  }
}

/** The line that says what was deleted. */
export function Done({ removal }: { removal: Removal }) {
  const done = removal.done.value;
  if (!done) return null;
  return (
    <div class="ct-bar ct-foot ct-done" role={done.isProblem ? "alert" : "status"}>
      <span class={done.isProblem ? "ct-problem" : ""}>{done.text}</span>
      {done.ids.length > 0 && (
        <button type="button" class="ct-plain ct-undo" onClick={() => removal.undo(done.ids)}>
          Undo
        </button>
      )}
      <button
        type="button"
        class="ct-plain"
        aria-label="Put this away"
        onClick={() => {
          removal.done.value = null;
        }}
      >
        ×
      </button>
    </div>
  );
}

interface Props {
  services: Python;
  removal: Removal;
  anchor: HTMLElement;
  onClose(): void;
}

/** The list from which deleted runs are restored. */
export function DeletedPanel({ services, removal, anchor, onClose }: Props) {
  const [found, setFound] = useState<DeletedRuns | null>(null);
  const [said, setSaid] = useState("");
  const look = () =>
    services.deleted().then(setFound, (error: unknown) => setSaid(sentence(error)));
  useEffect(() => {
    void look();
  }, []);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // the button that had the keyboard may have gone with its run
    const now = document.activeElement;
    if (now !== document.body && now !== list.current) return;
    (list.current?.querySelector("button") ?? list.current)?.focus();
  }, [found]);
  const restore = async ({ id, label }: DeletedRun) => {
    try {
      const isShown = (await removal.restore(id)) > 0;
      setSaid(isShown ? "" : `${label} is back; it is none of the runs of this table.`);
    } catch (error) {
      setSaid(sentence(error));
    }
    await look();
  };
  const rows = found?.rows ?? [];
  const several = new Set(rows.map((row) => row.experiment)).size > 1;
  return (
    <Popover anchor={anchor} label="Deleted runs" onClose={onClose}>
      <div class="ct-menu-title">Deleted runs</div>
      {!found && !said && <div class="ct-note">…</div>}
      {found && !rows.length && <div class="ct-note">There are none.</div>}
      <div class="ct-values ct-deleted" ref={list} tabIndex={-1}>
        {rows.map((row) => (
          <div class="ct-deleted-run" key={row.id}>
            <span class="ct-option-hint">{row.number}</span>
            <span class="ct-value-text" title={row.label}>
              {row.label}
            </span>
            {several && <span class="ct-option-hint">{row.experiment}</span>}
            <span class="ct-option-hint" title="when it was deleted">
              {row.when}
            </span>
            <button
              type="button"
              class="ct-plain ct-undo"
              aria-label={`Restore ${row.label}`}
              onClick={() => restore(row)}
            >
              Restore
            </button>
          </div>
        ))}
      </div>
      {found && found.total > rows.length && (
        <div class="ct-note">
          {(found.total - rows.length).toLocaleString("en-US")} more: ct.deleted_runs()
        </div>
      )}
      {said && (
        <div class="ct-note" role="status">
          {said}
        </div>
      )}
    </Popover>
  );
}
