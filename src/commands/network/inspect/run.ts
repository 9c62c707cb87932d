import type { CommandContext } from "../../../shell/context";
import { networkData, type NetworkData } from "../../../lib/operations/networks";
import { openTemplate } from "../../shared/output-format";
import { showEach, type Show } from "../../shared/show-each";
import type { command } from "./command";

/** `kpod network inspect`: shows everything of networks. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { args, flags } = context;
  const show = await readFormat(flags.format);
  const server = await context.openServer();
  return showEach(context, args, show, async (name) => ({ data: await networkData(server, name) }));
}

async function readFormat(format = "json"): Promise<Show<{ data: NetworkData }> | "json"> {
  if (format.trim() === "json") return "json";
  const template = await openTemplate(format, { name: "inspect", dataType: "network" });
  return ({ data }) => template.execute(data);
}
