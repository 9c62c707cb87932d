import { existsSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { KpodError } from "../errors";

/** What uname calls the processors for which there are executables. */
const architectures: Readonly<Record<string, string>> = { x86_64: "x64", aarch64: "arm64" };

/**
 * The executable of this kpod for another machine: this process's own where it is one and the processors are of one
 * kind, else the one of npm's package for that kind.
 *
 * @param machine what `uname -m` says there
 * @throws KpodError UNSUPPORTED where there is none
 */
export function executableFor(machine: string, node: string): string {
  const arch = architectures[machine];
  const own = process.versions.bun === undefined ? undefined : process.execPath;
  if (own !== undefined && arch === process.arch) return own;
  const packed = arch === undefined ? undefined : packagedExecutable(arch);
  if (packed !== undefined) return packed;
  throw new KpodError(
    "UNSUPPORTED",
    `${node} has no kpod, and this one is no executable for its processor (${machine})`,
    { hint: "install it there, or call the executable for that processor from here" },
  );
}

function packagedExecutable(arch: string): string | undefined {
  const [, script] = process.argv;
  if (script === undefined || !existsSync(script)) return undefined;
  try {
    return createRequire(realpathSync(script)).resolve(`kpod-linux-${arch}/bin/kpod`);
  } catch {
    // Node says by an error that a package is not installed, which is an answer.
    return undefined;
  }
}
