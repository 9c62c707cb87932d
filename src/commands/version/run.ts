import type { CommandContext } from "../../shell/context";
import { ExitCode } from "../../shell/exit-code";
import { version } from "../../shell/version";
import { jsonText } from "../../format/json";
import { goArchitecture } from "../../lib/system/architecture";
import { openRowTemplate, readFormat } from "../shared/output-format";
import type { command } from "./command";

/** `kpod version`: the versions of kpod and of node, a line each. */
export async function run({ terminal, flags }: CommandContext<typeof command>): Promise<number> {
  const format = readFormat(flags.format);
  const { platform } = process;
  const architecture = goArchitecture();
  if (format === "json") {
    terminal.out(jsonText({ version, node: process.version, os: platform, arch: architecture }));
  } else if (format === "table") {
    terminal.out(`Version:  ${version}\n`);
    terminal.out(`Node:     ${process.version}\n`);
    terminal.out(`OS/Arch:  ${platform}/${architecture}\n`);
  } else {
    const template = await openRowTemplate(format.template, { name: "version", dataType: "version" });
    const osArch = `${platform}/${architecture}`;
    const fields = {
      Version: version,
      Node: process.version,
      OS: platform,
      Arch: architecture,
      OsArch: osArch,
    };
    terminal.out(template.render([fields]));
  }
  return ExitCode.success;
}
