// Makes the packages for npm: kpod-linux-ARCHITECTURE with an executable each, and kpod, which names them as optional
// dependencies and puts the one that npm has installed in the place of bin/kpod.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ARCHITECTURES } from "./engine.mjs";
import { engineLicence, thirdPartyText } from "./licenses.mjs";
import { ScriptError, runProgram } from "./run.mjs";
import { buildSingle } from "./single.mjs";

const nameFor = (arch) => `kpod-linux-${arch}`;

/** See packages.d.mts. */
export async function buildPackages(root, outdir, architectures = ARCHITECTURES) {
  mkdirSync(outdir, { recursive: true });
  const staging = mkdtempSync(join(outdir, ".packages-"));
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  try {
    const files = [];
    for (const arch of architectures) {
      const directory = join(staging, nameFor(arch));
      await stageExecutable(root, directory, manifest, arch);
      files.push(await pack(directory, outdir));
    }
    const directory = join(staging, "kpod");
    await stageKpod(root, directory, manifest);
    return [...files, await pack(directory, outdir)];
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

async function stageExecutable(root, directory, { version, license, description }, arch) {
  await buildSingle(root, join(directory, "bin/kpod"), arch);
  cpSync(join(root, "LICENSE"), join(directory, "LICENSE"));
  const licences = `${await thirdPartyText(root)}\n${engineLicence(root)}`;
  writeFileSync(join(directory, "THIRD-PARTY.txt"), licences);
  writeJson(join(directory, "package.json"), {
    name: nameFor(arch),
    version,
    description: `${description}: the executable for Linux on ${arch}`,
    license,
    os: ["linux"],
    cpu: [arch],
    libc: ["glibc"],
    // Yarn keeps packages in archives, from which nothing can be started.
    preferUnplugged: true,
  });
}

/** What `npm pack` takes of the repository, with another package.json. */
async function stageKpod(root, directory, manifest) {
  const listed = await run("npm", ["pack", "--json"], root, join(directory, ".."));
  const archive = JSON.parse(listed.slice(listed.indexOf("[")))[0].filename;
  mkdirSync(directory);
  await run("tar", ["-xzf", join(directory, "..", archive), "-C", directory, "--strip-components=1"]);
  writeJson(join(directory, "package.json"), {
    ...manifest,
    devDependencies: undefined,
    scripts: { postinstall: "node bin/use-executable.cjs" },
    // Of these npm installs what is for the machine; they are published with kpod, and so not there before.
    optionalDependencies: Object.fromEntries(ARCHITECTURES.map((arch) => [nameFor(arch), manifest.version])),
  });
}

async function pack(directory, outdir) {
  return join(outdir, (await run("npm", ["pack", "--silent"], directory, outdir)).trim());
}

/** Runs a program in a directory; npm puts what it packs into another. @returns what it printed */
async function run(program, args, cwd, destination) {
  const words = destination === undefined ? args : [...args, "--pack-destination", destination];
  const { code, output } = await runProgram(program, words, { cwd });
  if (code !== 0) throw new ScriptError(`${program} ${args[0]} failed:\n${output.trimEnd()}`);
  return output;
}

function writeJson(path, value) {
  writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`);
}
