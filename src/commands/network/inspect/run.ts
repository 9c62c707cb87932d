import type { CommandContext } from "../../../shell/context";
import { jsonText } from "../../../format/json";
import { networkData, type NetworkData } from "../../../lib/operations/networks";
import { openTemplate } from "../../shared/output-format";
import type { command } from "./command";

/** `kpod network inspect`: shows everything of networks. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { args, flags, terminal } = context;
  const { format = "json" } = flags;
  const template =
    format.trim() === "json"
      ? undefined
      : await openTemplate(format, { name: "inspect", dataType: "network" });
  const server = await context.openServer();
  const found: NetworkData[] = [];
  let code = 0;
  for (const name of args) {
    try {
      const data = await networkData(server, name);
      if (template === undefined) found.push(data);
      else terminal.out(`${template.execute(data)}\n`);
    } catch (error) {
      context.reportFailure(error);
      code = 1;
    }
  }
  if (template !== undefined) return code;
  if (args.length > 1) terminal.out(jsonText(found));
  else for (const data of found) terminal.out(jsonText(data));
  return code;
}
