// Where the filter is typed: it is in force as soon as it can be read, and offers what fits.
import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { type Suggestion, type Suggestions, suggest } from "../filter/suggest";
import type { TableState } from "../table/state";
import { Popover } from "./popover";

const PAUSE = 140; // milliseconds without a key before what is typed is tried

let boxes = 0;

export function FilterBox({ state }: { state: TableState }) {
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const offers = useSignal<Suggestions | null>(null);
  const chosen = useSignal(0);
  const moved = useSignal(false); // whether an offer was chosen with the arrows
  const list = useRef(`celltrail-offers-${++boxes}`);
  const typed = useSignal(state.draft.value);
  useEffect(
    () =>
      state.draft.subscribe((text) => {
        typed.value = text;
      }),
    [state, typed],
  );
  useEffect(() => () => clearTimeout(timer.current), []);
  const problem = useComputed(() => state.draftProblem(state.draft.value));

  const look = () => {
    const element = input.current;
    if (!element) return;
    const { columns } = state.data.value;
    offers.value = suggest(element.value, element.selectionStart ?? 0, columns, state.rows.value);
    chosen.value = 0;
    moved.value = false;
  };
  const commit = () => {
    clearTimeout(timer.current);
    state.type(typed.value);
  };
  const change = (text: string) => {
    typed.value = text;
    clearTimeout(timer.current);
    timer.current = setTimeout(commit, PAUSE);
    look();
  };
  const take = (suggestion: Suggestion) => {
    const element = input.current;
    if (!element || !offers.value) return;
    const { from, to } = offers.value;
    const text = element.value;
    const space = suggestion.text.endsWith("(") ? "" : " ";
    const next = text.slice(0, from) + suggestion.text + space + text.slice(to).trimStart();
    const caret = from + suggestion.text.length + space.length;
    element.value = next;
    element.focus();
    element.setSelectionRange(caret, caret);
    change(next);
  };
  const key = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.isComposing) return;
    const options = offers.value?.options ?? [];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && options.length) {
      if (moved.value || step < 0) {
        chosen.value = (chosen.value + step + options.length) % options.length;
      }
      moved.value = true;
      event.preventDefault();
    } else if (step) {
      look();
      event.preventDefault();
    } else if (event.key === "Enter" && moved.value && options[chosen.value]) {
      take(options[chosen.value] as Suggestion);
      event.preventDefault();
    } else if (event.key === "Tab" && options.length && !event.shiftKey) {
      const option = options[chosen.value];
      if (option) take(option);
      event.preventDefault();
    } else if (event.key === "Enter") {
      commit();
      offers.value = null;
    } else if (event.key === "Escape") {
      if (offers.value) offers.value = null;
    }
  };
  // while something is offered, what is typed is not finished
  const isCurrent = state.draft.value === typed.value && offers.value === null;
  const wrong = isCurrent ? problem.value : null;
  return (
    <div class="ct-filter">
      <input
        ref={input}
        class={`ct-filter-input${wrong ? " ct-wrong" : ""}`}
        type="text"
        role="combobox"
        aria-label="Filter"
        aria-expanded={offers.value !== null}
        aria-controls={list.current}
        aria-activedescendant={moved.value ? `${list.current}-${chosen.value}` : undefined}
        aria-invalid={wrong !== null}
        autocomplete="off"
        spellcheck={false}
        placeholder="Filter, such as params.lr < 0.1"
        value={typed.value}
        onInput={(event) => change(event.currentTarget.value)}
        onClick={look}
        onBlur={() =>
          setTimeout(() => {
            offers.value = null;
          }, 150)
        }
        onKeyDown={key}
      />
      {typed.value && (
        <button
          type="button"
          class="ct-plain ct-filter-clear"
          aria-label="Clear the filter"
          onClick={() => {
            typed.value = "";
            commit();
            input.current?.focus();
          }}
        >
          ×
        </button>
      )}
      {wrong && (
        <div class="ct-problem" role="alert">
          {wrong.position === null ? "" : <Place text={typed.value} position={wrong.position} />}
          {wrong.text}
        </div>
      )}
      {offers.value && input.current && (
        <Popover
          anchor={input.current}
          label="Suggestions"
          focus={false}
          onClose={() => {
            offers.value = null;
          }}
        >
          <div class="ct-options" role="listbox" id={list.current}>
            {offers.value.options.map((option, index) => (
              <button
                type="button"
                key={option.text}
                id={`${list.current}-${index}`}
                role="option"
                tabIndex={-1}
                aria-selected={index === chosen.value}
                class={`ct-option${index === chosen.value ? " ct-chosen-option" : ""}`}
                onMouseDown={(event) => {
                  event.preventDefault();
                  take(option);
                }}
              >
                <span class="ct-option-text">{option.text}</span>
                <span class="ct-option-hint">{option.hint}</span>
              </button>
            ))}
          </div>
        </Popover>
      )}
    </div>
  );
}

/** The word at which the filter cannot be read. */
function Place({ text, position }: { text: string; position: number }) {
  const word = /^\S{0,24}/.exec(text.slice(position))?.[0];
  return word ? <code class="ct-place">{word}</code> : null;
}
