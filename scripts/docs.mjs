// npm run docs: writes the lists of commands and of checks, man/ and completions/ anew, and the list of manual pages in package.json.
// They are committed; a test fails where they are not as this would write them.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { checkIdsText, checkListText } from "./lib/checks.mjs";
import { commandFoldersText } from "./lib/commands.mjs";
import { generatedFiles, manualPages, strayFiles } from "./lib/docs.mjs";
import { runMain } from "./lib/run.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

/** The commands and what belongs to it, from the sources as they are now. */
async function loadDocumented() {
  const outfile = join(ROOT, "node_modules/.cache/kpod-docs", `documented.${process.pid}.cjs`);
  await build({
    absWorkingDir: ROOT,
    entryPoints: ["src/program/documented.ts"],
    outfile,
    bundle: true,
    format: "cjs",
    platform: "node",
    // What commands do is not asked for.
    external: ["../commands/*/run", "koffi"],
    logLevel: "warning",
  });
  try {
    return createRequire(import.meta.url)(outfile);
  } finally {
    rmSync(outfile);
  }
}

/** The files of man/ and completions/ as they are. */
function presentFiles() {
  return ["man", "completions"].flatMap((directory) => {
    const path = join(ROOT, directory);
    return existsSync(path)
      ? readdirSync(path, { recursive: true }).map((name) => join(directory, name))
      : [];
  });
}

function write(name, text) {
  const path = join(ROOT, name);
  mkdirSync(dirname(path), { recursive: true });
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  writeFileSync(path, text);
  console.log(`wrote ${name}`);
}

await runMain(async () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  write("src/program/command-folders.ts", commandFoldersText(ROOT));
  write("src/lib/doctor/check-list.ts", checkListText(ROOT));
  write("src/commands/doctor/check-ids.ts", checkIdsText(ROOT));
  const files = generatedFiles(await loadDocumented(), {
    version: manifest.version,
    sources: join(ROOT, "man/src"),
    schemas: join(ROOT, "schemas"),
  });
  for (const [name, text] of files) write(name, text);
  write("package.json", `${JSON.stringify({ ...manifest, man: manualPages(files) }, undefined, 2)}\n`);
  for (const name of strayFiles(files, presentFiles())) {
    rmSync(join(ROOT, name), { recursive: true });
    console.log(`removed ${name}`);
  }
});
