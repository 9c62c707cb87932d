// What is made of src/ by esbuild, without options of our own making: dist/kpod.cjs, the command line, dist/reader.cjs,
// its thread that reads ahead, and dist/index.cjs, the library. Packages that few calls need lie beside the command
// line, in files that are read when they are wanted.
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { definitions } from "./definitions.mjs";

/** Loaded at run time: a native addon cannot be bundled. */
const ADDON = ["koffi", "@koromix/*"];

const LIBRARIES = ["@iarna/toml/parse-string", "chalk", "cli-table3", "execa", "yaml"];

const fileOf = (library) => `libraries/${library.replace(/^@/, "").replaceAll("/", "-")}.cjs`;

const common = {
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  external: ADDON,
  // A file of one-byte characters is read and kept at half the price.
  charset: "ascii",
  logLevel: "warning",
};

/** Writes all of it into a directory. */
export async function bundle(root, outdir) {
  const shared = { ...common, absWorkingDir: root, define: definitions(root) };
  await build({ ...shared, entryPoints: ["src/lib/index.ts"], outfile: join(outdir, "index.cjs") });
  await bundleReader(root, join(outdir, "reader.cjs"), "cjs");
  const { outputFiles } = await build({
    ...shared,
    entryPoints: ["src/main.ts"],
    outfile: join(outdir, "kpod.cjs"),
    write: false,
    minify: true,
    // import() would load node's loader of ES modules; the bundle holds what is imported, and runs it when it is called.
    supported: { "dynamic-import": false },
    alias: Object.fromEntries(LIBRARIES.map((library) => [library, `./${fileOf(library)}`])),
    external: [...ADDON, "./libraries/*"],
  });
  const [{ contents }] = outputFiles;
  // The first line names the content, for what is kept of it: bin/code-cache.cjs.
  const hash = createHash("sha256").update(contents).digest("hex").slice(0, 16);
  writeFileSync(join(outdir, "kpod.cjs"), Buffer.concat([Buffer.from(`//${hash}\n`), contents]));
  for (const library of LIBRARIES) await bundleLibrary(library, shared, join(outdir, fileOf(library)));
}

/** Writes the program of the thread that reads ahead: it has no part of the command line, and starts the sooner. */
export async function bundleReader(root, outfile, format) {
  const entry = { entryPoints: ["src/reader.ts"], absWorkingDir: root, define: definitions(root) };
  await build({ ...common, ...entry, outfile, format, minify: true });
}

/** Writes one package as a file. */
export async function bundleLibrary(library, { absWorkingDir }, outfile) {
  const contents = `module.exports = require(${JSON.stringify(library)});`;
  const stdin = { contents, resolveDir: absWorkingDir };
  await build({ ...common, absWorkingDir, stdin, outfile, minify: true });
}
