import type { CommandContext } from "../cli/command";
import type { podPsFlags } from "../cli/table/pods";
import { displayId } from "../format/id";
import { jsonText } from "../format/json";
import { tableText } from "../format/table";
import { podJson, podRow } from "./pod-rows";
import type { RowSource } from "./row-source";

/** `kpod pod ps`: lists pods, newest first. */
export async function run(context: CommandContext<typeof podPsFlags>): Promise<number> {
  const { flags, terminal, logger } = context;
  const { noTrunc } = flags;
  const server = await context.openServer();
  await server.update();
  const sandboxes = server.listSandboxes();
  const source: RowSource = { server, logger, now: Date.now(), noTrunc };
  if (flags.quiet) {
    terminal.out(sandboxes.map(({ id }) => `${displayId(id, { noTrunc })}\n`).join(""));
  } else if (flags.format === "json") {
    terminal.out(jsonText(sandboxes.map((sandbox) => podJson(source, sandbox))));
  } else {
    const columns = ["POD ID", "NAME", "K8S NAMESPACE", "STATE", "CREATED", "ATTEMPT", "RUNNING"];
    const rows = sandboxes.map((sandbox) => podRow(source, sandbox));
    terminal.out(tableText({ columns, rows, heading: !flags.noheading }));
  }
  return 0;
}
