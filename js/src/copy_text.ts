/** Puts a text where the next paste takes it from; also where the page may not ask for that. */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    field.style.cssText = "position:fixed;opacity:0";
    // a panel in the browser's top layer keeps the focus from what is not in it
    (document.activeElement?.closest(".ct-popover") ?? document.body).append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    if (!done) throw new Error("The browser does not let this page copy.");
  }
}
