import type { CommandContext } from "../../shell/context";
import { ExitCode } from "../../shell/exit-code";
import { version } from "../../shell/version";
import { jsonText } from "../../format/json";
import { goArchitecture } from "../../lib/system/architecture";
import { openRowTemplate, readFormat } from "../shared/output-format";
import type { command } from "./command";

/** `kpod version`: the versions of kpod and of the engine that runs it, a line each. */
export async function run({ terminal, flags }: CommandContext<typeof command>): Promise<number> {
  const format = readFormat(flags.format);
  const { platform } = process;
  const architecture = goArchitecture();
  const { bun } = process.versions;
  // The engine of the executable names a version of Node, too, which is not what runs there.
  const [engine, engineVersion] = bun === undefined ? ["Node", process.version] : ["Bun", `v${bun}`];
  const node = bun === undefined ? process.version : "";
  if (format === "json") {
    const engineText = `${engine} ${engineVersion}`;
    terminal.out(jsonText({ version, engine: engineText, node, os: platform, arch: architecture }));
  } else if (format === "table") {
    terminal.out(`Version:  ${version}\n`);
    terminal.out(`${`${engine}:`.padEnd(10)}${engineVersion}\n`);
    terminal.out(`OS/Arch:  ${platform}/${architecture}\n`);
  } else {
    const template = await openRowTemplate(format.template, { name: "version", dataType: "version" });
    const fields = {
      Version: version,
      Engine: `${engine} ${engineVersion}`,
      Node: node,
      OS: platform,
      Arch: architecture,
      OsArch: `${platform}/${architecture}`,
    };
    terminal.out(template.render([fields]));
  }
  return ExitCode.success;
}
