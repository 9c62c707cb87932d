// Gets a machine ready: system packages, node packages, dist/. Needs nothing but Node and npm, and does nothing
// where all is there. Usage: node scripts/bootstrap.mjs [demo|tests|node]
import { fileURLToPath } from "node:url";
import { aptInstall, hasApt } from "./lib/apt.mjs";
import { buildDist } from "./lib/dist.mjs";
import { installNodePackages } from "./lib/node-packages.mjs";
import { ScriptError, runMain } from "./lib/run.mjs";
import { missingRequirements } from "./lib/system-packages.mjs";

export const REPOSITORY = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

function describe({ what, packageName, why }) {
  return `  ${packageName}: ${what === packageName ? why : `for ${what}; ${why}`}`;
}

async function installSystemPackages(purpose) {
  const missing = missingRequirements(purpose);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map(({ packageName }) => packageName))];
  console.log("Missing on this system, by Debian's names of packages:");
  for (const requirement of missing) console.log(describe(requirement));
  if (!hasApt()) {
    throw new ScriptError(
      `this is not Debian or Ubuntu: install ${packages.join(", ")} with your system's own tools, then try again`,
    );
  }
  if (process.getuid() !== 0) {
    throw new ScriptError(
      `not root: run "sudo apt-get install --no-install-recommends ${packages.join(" ")}", then try again`,
    );
  }
  console.log(`  apt-get install ${packages.join(" ")}`);
  await aptInstall(packages);
  const still = missingRequirements(purpose);
  if (still.length > 0) {
    throw new ScriptError(`still missing after the install: ${still.map(({ what }) => what).join(", ")}`);
  }
}

/** Makes everything ready for "demo", "tests", or "node", the tests in a virtual machine. */
export async function bootstrap(purpose) {
  await installSystemPackages(purpose);
  await installNodePackages(REPOSITORY);
  await buildDist(REPOSITORY);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const purpose = process.argv[2] ?? "demo";
  await runMain(async () => {
    if (!["demo", "tests", "node"].includes(purpose))
      throw new ScriptError(`unknown purpose ${purpose}: demo, tests or node`);
    await bootstrap(purpose);
    console.log(`Ready for the ${purpose}.`);
  });
}
