// One recorded output, so that nothing of it runs.

export interface Output {
  kind: string;
  name: string;
  mime: string;
  text?: string;
  picture?: string;
  page?: string;
}

// In the frame no script runs (the sandbox allows nothing) and nothing is loaded.
const FRAME =
  `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; ` +
  `style-src 'unsafe-inline'; img-src data:">` +
  "<style>:root{color-scheme:light dark}body{font:12px system-ui,sans-serif;margin:6px}" +
  "table{border-collapse:collapse;font-size:12px}td,th{padding:1px 8px;text-align:right}</style>";

/** Shows a text, a picture, or a page in a frame. */
export function Shown({ output }: { output: Output }) {
  if (output.page !== undefined) {
    return <iframe class="ct-frame" sandbox="" title={output.name} srcdoc={FRAME + output.page} />;
  }
  if (output.picture) return <img class="ct-picture" src={output.picture} alt={output.name} />;
  const isError = output.kind === "error" || output.name === "stderr";
  return <pre class={`ct-code${isError ? " ct-error" : ""}`}>{output.text}</pre>;
}
