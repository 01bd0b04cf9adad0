// Which keys belong to the table while the focus is in it, and which to the page around it.

const USED = new Set([
  ..."ArrowDown ArrowUp ArrowLeft ArrowRight PageDown PageUp Home End Enter Escape".split(" "),
  " ",
  "a",
]);

/**
 * Plain keys are all the table's: JupyterLab would take j, k, space and the like as commands.
 * With a modifier only those that the table uses are, so that Ctrl+S saves the notebook.
 */
export function isOurs(event: KeyboardEvent): boolean {
  if (event.altKey) return event.key === "ArrowLeft" || event.key === "ArrowRight";
  return (!event.ctrlKey && !event.metaKey) || USED.has(event.key);
}

/**
 * Keeps JupyterLab's shortcuts away from an element for the keys that are its own; call what
 * it gives to stop. JupyterLab listens at the document before the element hears of a key, and
 * looks at this attribute then: so it is set at the window, which comes first. It looks upward
 * from what has the focus only as far as its shortcut fits, and some fit any button or slider:
 * so the attribute has to stand on that itself.
 */
export function guardKeys(element: HTMLElement): () => void {
  element.dataset.lmSuppressShortcuts = "true";
  const guard = (event: KeyboardEvent) => {
    const { target } = event;
    if (!(target instanceof HTMLElement) || !element.contains(target)) return;
    for (const one of [element, target]) {
      if (isOurs(event)) one.dataset.lmSuppressShortcuts = "true";
      else delete one.dataset.lmSuppressShortcuts;
    }
  };
  window.addEventListener("keydown", guard, true);
  return () => window.removeEventListener("keydown", guard, true);
}
