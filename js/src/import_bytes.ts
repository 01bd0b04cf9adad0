// Makes a module of a gzipped script that came over the wire.

/** Evaluates the script and gives what it exports. */
export async function importBytes<T>(data: DataView): Promise<T> {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const source = await new Response(stream).text();
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    return (await import(/* @vite-ignore */ url)) as T;
  } finally {
    URL.revokeObjectURL(url);
  }
}
