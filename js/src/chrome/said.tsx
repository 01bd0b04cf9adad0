// What people say of a run: its name, tags and note, changed in place, with a way back.
import { useState } from "preact/hooks";

export interface Said {
  name: string;
  note: string;
  tags: string[];
}

interface Props {
  said: Said;
  /** Writes it, and rejects with a reason when that failed; null where nobody can. */
  onChange: ((said: Said) => Promise<void>) | null;
}

export function SaidOf({ said, onChange }: Props) {
  const [editing, setEditing] = useState(false);
  const [before, setBefore] = useState<Said | null>(null);
  const [problem, setProblem] = useState("");
  const write = async (next: Said, last: Said | null) => {
    try {
      await onChange?.(next);
      setProblem("");
      setEditing(false);
      setBefore(last);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <div class="ct-said">
      {editing ? (
        <Form said={said} onSave={(next) => write(next, said)} onCancel={() => setEditing(false)} />
      ) : (
        <>
          {said.tags.map((tag) => (
            <span class="ct-tag" key={tag}>
              {tag}
            </span>
          ))}
          {onChange && (
            <button type="button" class="ct-plain" onClick={() => setEditing(true)}>
              edit name, tags, note
            </button>
          )}
          {before && (
            <button type="button" class="ct-plain" onClick={() => write(before, null)}>
              undo
            </button>
          )}
          {said.note && <div class="ct-said-note">{said.note}</div>}
        </>
      )}
      {problem && (
        <div class="ct-problem" role="alert">
          {problem}
        </div>
      )}
    </div>
  );
}

interface FormProps {
  said: Said;
  onSave(said: Said): void;
  onCancel(): void;
}

function Form({ said, onSave, onCancel }: FormProps) {
  const [name, setName] = useState(said.name);
  const [tags, setTags] = useState(said.tags.join(", "));
  const [note, setNote] = useState(said.note);
  const save = () => {
    const listed = tags === said.tags.join(", ") ? said.tags : tags.split(",");
    const unique = [...new Set(listed.map((tag) => tag.trim()).filter((tag) => tag))];
    onSave({ name: name.trim() || said.name, note, tags: unique });
  };
  return (
    <form
      class="ct-said-form"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") onCancel();
        event.stopPropagation();
      }}
    >
      <label>
        <span>name</span>
        <input
          class="ct-field"
          value={name}
          placeholder="no name"
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <label>
        <span>tags</span>
        <input
          class="ct-field"
          value={tags}
          placeholder="best, to check"
          onInput={(event) => setTags(event.currentTarget.value)}
        />
      </label>
      <label>
        <span>note</span>
        <textarea
          class="ct-field"
          rows={3}
          value={note}
          onInput={(event) => setNote(event.currentTarget.value)}
        />
      </label>
      <div>
        <button type="submit" class="ct-tool ct-on">
          Save
        </button>
        <button type="button" class="ct-tool" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  );
}
