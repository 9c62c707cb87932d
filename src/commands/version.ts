import type { CommandContext } from "../cli/command";
import { ExitCode } from "../cli/exit-code";
import { version } from "../cli/version";

const architectures: Readonly<Partial<Record<NodeJS.Architecture, string>>> = {
  x64: "amd64",
  ia32: "386",
};

/** `kpod version`: the versions of kpod and of node, a line each. */
export function run({ terminal }: CommandContext): number {
  const architecture = architectures[process.arch] ?? process.arch;
  terminal.out(`Version:  ${version}\n`);
  terminal.out(`Node:     ${process.version}\n`);
  terminal.out(`OS/Arch:  ${process.platform}/${architecture}\n`);
  return ExitCode.success;
}
