// The licences of what is built into kpod: whoever gives kpod away has to give them along.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { engineVersion } from "./engine.mjs";
import { ScriptError } from "./run.mjs";

/** Loaded at run time on Node, not bundled. */
const ADDON = "koffi";

/** See licenses.d.mts. */
export async function thirdPartyText(root, { addon = false } = {}) {
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
  const packages = [...new Set([...names, ...(addon ? [`node_modules/${ADDON}`] : [])])].sort();
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

/** See licenses.d.mts. */
export function engineLicence(root) {
  const version = engineVersion(root);
  return `Bun ${version} (MIT)

The executable is kpod with the engine Bun in it, unchanged: https://github.com/oven-sh/bun, tag bun-v${version}. Its
package brings no text of a licence. Its file LICENSE.md there names the MIT licence for Bun itself, and lists the
libraries that are linked into it with their licences. Among them are JavaScriptCore and other parts of WebKit under the
GNU Library General Public License, version 2, whose source, with Bun's changes, is https://github.com/oven-sh/WebKit,
and TinyCC under the GNU Lesser General Public License, version 2.1. LICENSE.md also says how Bun is linked anew with
changed ones; "npm run build:single" in the source of kpod makes this executable of a Bun made so.
`;
}
