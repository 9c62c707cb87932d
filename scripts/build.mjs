// Builds dist/: the command line (one chunk a command, loaded when called) and the library's entry.
// esbuild can split shared code into chunks only for ES modules, and node starts CommonJS faster, so the
// chunks are split as modules first and each is turned into CommonJS afterwards.
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, transform } from "esbuild";

const root = new URL("..", import.meta.url).pathname;
const outdir = join(root, "dist");
const staging = join(root, `dist.${process.pid}`);
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

mkdirSync(staging, { recursive: true });
try {
  await build({
    absWorkingDir: root,
    entryPoints: { main: "src/main.ts", index: "src/lib/index.ts" },
    outdir: staging,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    external: ["koffi", "@koromix/*"],
    define: { KPOD_VERSION: JSON.stringify(version) },
    chunkNames: "chunk-[name]-[hash]",
    logLevel: "warning",
  });
  for (const file of readdirSync(staging)) {
    const code = readFileSync(join(staging, file), "utf8");
    const result = await transform(code.replace(/(["'])(\.\/[\w.-]+)\.js\1/g, "$1$2.cjs$1"), {
      format: "cjs",
      platform: "node",
      target: "node20",
      supported: { "dynamic-import": false },
    });
    writeFileSync(join(staging, file.replace(/\.js$/, ".cjs")), result.code);
    rmSync(join(staging, file));
  }
  rmSync(outdir, { recursive: true, force: true });
  renameSync(staging, outdir);
} finally {
  rmSync(staging, { recursive: true, force: true });
}
