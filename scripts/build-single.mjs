// npm run build:single: writes build/kpod, or the file that is named, an executable that needs no Node, and beside it
// the licences of what is in it. With --arch arm64 or x64 it is for that machine. Where there is no engine for this
// one, it writes dist/, which bin/kpod runs on Node.
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { REPOSITORY } from "./bootstrap.mjs";
import { buildDist } from "./lib/dist.mjs";
import { ARCHITECTURES, ownEngine } from "./lib/engine.mjs";
import { engineLicence, thirdPartyText } from "./lib/licenses.mjs";
import { ScriptError, runMain } from "./lib/run.mjs";
import { buildSingle } from "./lib/single.mjs";

const USAGE = `usage: npm run build:single [-- [--arch ${ARCHITECTURES.join("|")}] [FILE]]`;

function readArguments() {
  try {
    const options = { arch: { type: "string", default: process.arch } };
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const [path = join(REPOSITORY, "build/kpod"), ...more] = positionals;
    if (more.length === 0) return { arch: values.arch, path: resolve(path) };
  } catch {
    // An option that there is not.
  }
  throw new ScriptError(USAGE);
}

await runMain(async () => {
  const { arch, path } = readArguments();
  const { missing } = await ownEngine(REPOSITORY);
  if (missing !== undefined) {
    await buildDist(REPOSITORY);
    console.log(
      `No executable: ${missing}. In its place: dist/, which ${join(REPOSITORY, "bin/kpod")} runs on Node.`,
    );
    return;
  }
  if (!ARCHITECTURES.includes(arch)) throw new ScriptError(USAGE);
  await buildSingle(REPOSITORY, path, arch);
  const licences = `${path}.THIRD-PARTY.txt`;
  writeFileSync(licences, `${await thirdPartyText(REPOSITORY)}\n${engineLicence(REPOSITORY)}`);
  console.log(`${path}\n${licences}`);
});
