// Writes the library's type declarations into dist/types. A package needs them and nothing else does, and they take
// longer than all the rest, so `npm run build` leaves them out.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "./bootstrap.mjs";
import { ScriptError, leanEnvironment, runMain, runProgram } from "./lib/run.mjs";

await runMain(async () => {
  rmSync(join(REPOSITORY, "dist/types"), { recursive: true, force: true });
  const tsc = join(REPOSITORY, "node_modules/typescript/bin/tsc");
  const options = { cwd: REPOSITORY, env: leanEnvironment() };
  const { code, output } = await runProgram(process.execPath, [tsc, "-p", "tsconfig.types.json"], options);
  if (code !== 0) throw new ScriptError(`the types could not be written:\n${output.trimEnd()}`);
});
