// Bundles each widget for its Python twin, and, gzipped, what a page evaluates once.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "src", "celltrail", "views", "static");
const CORE_LIMIT = 80 * 1024; // sent and evaluated for every widget that is shown

const common = {
  bundle: true,
  jsx: "automatic",
  jsxImportSource: "preact",
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
  entryPoints: [
    "src/run_table.ts",
    "src/chart.ts",
    "src/compare.tsx",
    "src/chart_section.tsx",
    "src/live_card.ts",
    "src/page.ts",
    "src/run_table.css",
    "src/chart.css",
    "src/compare.css",
    "src/chart_section.css",
    "src/live_card.css",
  ],
  outdir: out,
});
// level 9, and no time stamp in the header: the same sources give the same bytes
async function gzipped(name, options) {
  const built = await build({ ...common, ...options, write: false });
  await writeFile(join(out, name), gzipSync(built.outputFiles[0].contents, { level: 9 }));
}
await gzipped("vega.js.gz", { entryPoints: ["src/vega.ts"] });
await gzipped("tools.js.gz", {
  entryPoints: ["src/tools.tsx"],
  // the signals of the tools are those of the tables that they serve
  alias: { "@preact/signals-core": join(here, "src", "signals_shared.ts") },
});

const names = [
  "run_table.js",
  "compare.js",
  "chart.js",
  "chart_section.js",
  "live_card.js",
  "page.js",
];
names.push("tools.js.gz", "vega.js.gz");
names.push("run_table.css", "compare.css", "chart.css", "chart_section.css", "live_card.css");
for (const name of names) {
  const size = (await readFile(join(out, name))).length;
  console.log(`${name.padEnd(16)}${(size / 1024).toFixed(1).padStart(8)} kB`);
  if (name.endsWith(".js") && size > CORE_LIMIT) {
    throw new Error(`${name} is over ${CORE_LIMIT / 1024} kB: load what is heavy lazily`);
  }
}
