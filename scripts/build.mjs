// Builds dist/: the command line as packs, and the library's entry.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { COMMON, makePacks } from "./lib/pack.mjs";

const root = new URL("..", import.meta.url).pathname;
const outdir = join(root, "dist");
const staging = join(root, `dist.${process.pid}`);
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const define = { KPOD_VERSION: JSON.stringify(version) };

/** The first words of all commands. */
async function commandNames() {
  const outfile = join(staging, "table.mjs");
  await build({
    ...COMMON,
    absWorkingDir: root,
    entryPoints: ["src/cli/table.ts"],
    outfile,
    format: "esm",
    external: [...COMMON.external, "../../commands/*"],
    define,
  });
  const { table } = await import(outfile);
  rmSync(outfile);
  return ["__complete", ...new Set(table.map(({ path }) => path[0]))];
}

mkdirSync(staging, { recursive: true });
try {
  const packs = await makePacks(root, { version, commands: await commandNames() });
  for (const [name, text] of Object.entries(packs)) writeFileSync(join(staging, `${name}.cjs`), text);
  await build({
    ...COMMON,
    absWorkingDir: root,
    entryPoints: ["src/lib/index.ts"],
    outfile: join(staging, "index.cjs"),
    format: "cjs",
    define,
  });
  rmSync(outdir, { recursive: true, force: true });
  renameSync(staging, outdir);
} finally {
  rmSync(staging, { recursive: true, force: true });
}
