// npm run build:deb: writes a Debian package into build/.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "./bootstrap.mjs";
import { buildDeb, debName } from "./lib/deb.mjs";
import { ScriptError, runMain } from "./lib/run.mjs";

await runMain(async () => {
  if (process.argv.length > 2) throw new ScriptError("usage: npm run build:deb");
  const { version } = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8"));
  const path = join(REPOSITORY, "build", debName(version));
  // Everybody has to read what it installs.
  process.umask(0o022);
  await buildDeb(REPOSITORY, path);
  console.log(path);
});
