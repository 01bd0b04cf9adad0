// Bundles each widget for its Python twin, and the drawing library, gzipped, for both.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "src", "celltrail", "views", "static");
const CORE_LIMIT = 80 * 1024; // sent and evaluated for every widget that is shown

const common = {
  bundle: true,
  format: "esm",
  minify: true,
  target: "es2022",
  legalComments: "none",
  logLevel: "warning",
  absWorkingDir: here,
};

await mkdir(out, { recursive: true });
await build({
  ...common,
  entryPoints: ["src/run_table.ts", "src/chart.ts", "src/run_table.css", "src/chart.css"],
  outdir: out,
});
const vega = await build({ ...common, entryPoints: ["src/vega.ts"], write: false });
await rm(join(out, "vega.js"), { force: true });
// level 9, and no time stamp in the header: the same sources give the same bytes
await writeFile(join(out, "vega.js.gz"), gzipSync(vega.outputFiles[0].contents, { level: 9 }));

for (const name of ["run_table.js", "chart.js", "run_table.css", "chart.css", "vega.js.gz"]) {
  const size = (await readFile(join(out, name))).length;
  console.log(`${name.padEnd(16)}${(size / 1024).toFixed(1).padStart(8)} kB`);
  if (name !== "vega.js.gz" && size > CORE_LIMIT) {
    throw new Error(`${name} is over ${CORE_LIMIT / 1024} kB: load what is heavy lazily`);
  }
}
