// npm run build:deb: writes a Debian package into build/.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildDeb, debName } from "./lib/deb.mjs";
import { ScriptError, runMain } from "./lib/run.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

await runMain(async () => {
  if (process.argv.length > 2) throw new ScriptError("usage: npm run build:deb");
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const path = join(ROOT, "build", debName(version));
  // Everybody has to read what it installs.
  process.umask(0o022);
  await buildDeb(ROOT, path);
  console.log(path);
});
