// Hides the still picture in the output above while the live view stands; the twin of
// views/snapshot.py. A rule, not a change of the element: the front end may draw the
// picture's output anew at any time.

/** Hides the picture with this mark; call what it gives to show it again. */
export function hideSnapshot(mark: string): () => void {
  if (!/^[\w-]+$/.test(mark)) return () => {};
  const style = document.createElement("style");
  style.dataset.celltrail = mark;
  // Only the output that holds the picture itself: not one that holds a whole nested output
  // area with both the picture and this view.
  style.textContent =
    `.jp-OutputArea-child:has(> .jp-OutputArea-output > .${mark}){display:none}` +
    `.celltrail-snapshot.${mark}{display:none}`;
  document.head.append(style);
  return () => style.remove();
}
