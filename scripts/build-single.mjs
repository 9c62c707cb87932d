// npm run build:single: writes build/kpod, or the file that is named, an executable that needs no node, and beside it
// the licences of what is in it.
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { REPOSITORY } from "./bootstrap.mjs";
import { nodeLicence, thirdPartyText } from "./lib/licenses.mjs";
import { ScriptError, runMain } from "./lib/run.mjs";
import { buildSingle } from "./lib/single.mjs";

await runMain(async () => {
  const [path = join(REPOSITORY, "build/kpod"), ...more] = process.argv.slice(2);
  if (more.length > 0) throw new ScriptError("usage: npm run build:single [-- FILE]");
  await buildSingle(REPOSITORY, resolve(path));
  const licences = `${resolve(path)}.THIRD-PARTY.txt`;
  writeFileSync(licences, `${await thirdPartyText(REPOSITORY)}\n${nodeLicence()}`);
  console.log(`${resolve(path)}\n${licences}`);
});
