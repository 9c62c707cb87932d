// Keeps node_modules as package-lock.json says.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ScriptError, runProgram } from "./run.mjs";

function readLock(path) {
  return JSON.parse(readFileSync(path, "utf8")).packages;
}

/**
 * Whether node_modules holds what package-lock.json names. npm writes a lock file of what it installed as the last
 * thing of an install, so this also sees one that was interrupted.
 */
export function nodePackagesAreCurrent(root) {
  const installedLock = join(root, "node_modules/.package-lock.json");
  if (!existsSync(installedLock)) return false;
  const installed = readLock(installedLock);
  const wanted = readLock(join(root, "package-lock.json"));
  // The entry without a name is the project itself.
  delete wanted[""];
  const same = ([name, { version, integrity, optional, link }]) => {
    const found = installed[name];
    // A directory of the repository itself (scripts/engine): newer npms lead to it by a link, older ones copy it.
    if (!name.startsWith("node_modules/")) return true;
    if (link === true) return found !== undefined;
    // Binaries for other systems are optional and not installed.
    if (found === undefined) return optional === true;
    return found.version === version && found.integrity === integrity;
  };
  return Object.entries(wanted).every(same) && Object.keys(installed).every((name) => name in wanted);
}

/** npm tells the cause first and its manual after. */
function firstLines(output) {
  return output.trimEnd().split("\n").slice(0, 20).join("\n");
}

/** Installs the node packages when they are not as the lock file says. */
export async function installNodePackages(root) {
  if (nodePackagesAreCurrent(root)) return false;
  console.log("  npm ci: installing the node packages");
  const { code, output } = await runProgram("npm", ["ci", "--include=dev", "--no-audit", "--no-fund"], {
    cwd: root,
  });
  if (code !== 0) throw new ScriptError(`npm ci failed:\n${firstLines(output)}`);
  return true;
}
