// Light or dark, and being told when that changes.

const ATTRIBUTES = [
  "data-jp-theme-light",
  "data-jp-theme-name",
  "data-theme",
  "theme",
  "class",
  "style",
];

/** Calls back when the page's theme changes; call what it gives to stop. */
export function onThemeChange(callback: () => void): () => void {
  let last = fingerprint();
  const check = () => {
    const now = fingerprint();
    if (now !== last) callback();
    last = now;
  };
  const observer = new MutationObserver(() => requestAnimationFrame(check));
  for (const element of [document.documentElement, document.body]) {
    observer.observe(element, { attributes: true, attributeFilter: ATTRIBUTES });
  }
  // JupyterLab sets the attribute first and loads the theme's style sheet after it.
  const loaded = new MutationObserver(() => setTimeout(check, 150));
  loaded.observe(document.body, { childList: true });
  const media = window.matchMedia?.("(prefers-color-scheme: dark)");
  media?.addEventListener?.("change", check);
  return () => {
    observer.disconnect();
    loaded.disconnect();
    media?.removeEventListener?.("change", check);
  };
}

function fingerprint(): string {
  const style = getComputedStyle(document.body);
  const names = ["--jp-content-font-color1", "--vscode-foreground", "--colab-primary-text-color"];
  const hosts = names.map((name) => style.getPropertyValue(name));
  return [style.color, style.backgroundColor, ...hosts].join();
}
