// The licences of what is built into kpod: whoever gives kpod away has to give them along.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { ScriptError } from "./run.mjs";

/** Loaded at run time, not bundled; the single executable file holds it. */
const ADDON = "koffi";

/** The text of a file for users: every package that the bundles hold, with its licence. */
export async function thirdPartyText(root) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ["src/main.ts", "src/lib/index.ts"],
    outdir: "unused",
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    external: ["koffi", "@koromix/*"],
    logLevel: "warning",
  });
  const names = Object.keys(metafile.inputs).flatMap((input) => packageOf(input) ?? []);
  const packages = [...new Set([...names, `node_modules/${ADDON}`])].sort();
  return [
    "kpod holds parts of these packages, which stand under licences of their own.\n",
    ...packages.map((directory) => licenceOf(join(root, directory))),
  ].join(`\n${"-".repeat(80)}\n\n`);
}

/** The directory of the package that a file belongs to, below the innermost node_modules. */
function packageOf(input) {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0];
}

function licenceOf(directory) {
  const { name, version, license } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
  const file = readdirSync(directory).find((entry) => /^(licen[cs]e|copying)([.-]|$)/i.test(entry));
  if (file === undefined) throw new ScriptError(`${name} has no file with its licence (${license})`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(directory, file), "utf8").trim()}\n`;
}

/** The licence of the node that becomes part of an executable, or where it can be read. */
export function nodeLicence() {
  const places = [join(dirname(dirname(process.execPath)), "LICENSE"), "/usr/share/doc/nodejs/LICENSE"];
  const file = places.find((path) => existsSync(path));
  const version = `Node.js ${process.version}`;
  if (file === undefined)
    return `${version}: https://github.com/nodejs/node/blob/${process.version}/LICENSE\n`;
  return `${version}\n\n${readFileSync(file, "utf8").trim()}\n`;
}
