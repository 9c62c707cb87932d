// npm run build:packages: writes the packages for npm into build/.
import { join } from "node:path";
import { REPOSITORY } from "./bootstrap.mjs";
import { buildPackages } from "./lib/packages.mjs";
import { ScriptError, runMain } from "./lib/run.mjs";

await runMain(async () => {
  if (process.argv.length > 2) throw new ScriptError("usage: npm run build:packages");
  for (const path of await buildPackages(REPOSITORY, join(REPOSITORY, "build"))) console.log(path);
});
