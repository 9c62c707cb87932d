import type { CommandContext } from "../cli/command";
import type { psFlags } from "../cli/table/look";
import { displayId } from "../format/id";
import { jsonText } from "../format/json";
import { tableText } from "../format/table";
import type { Container } from "../lib/oci/container";
import { containerJson, containerRow } from "./container-rows";
import type { RowSource } from "./row-source";

type Context = CommandContext<typeof psFlags>;

/** `kpod ps`: lists containers, newest first. */
export async function run(context: Context): Promise<number> {
  const { flags, terminal, logger } = context;
  const server = await context.openServer();
  await server.update();
  const containers = select(flags, server.listContainers());
  const source: RowSource = { server, logger, now: Date.now(), noTrunc: flags.noTrunc };
  terminal.out(flags.quiet ? idLines(containers, flags.noTrunc) : render(flags, source, containers));
  return 0;
}

/** Which containers are asked for; they come newest first. */
function select(flags: Context["flags"], containers: Container[]): Container[] {
  if (flags.latest) return containers.slice(0, 1);
  if (flags.last !== undefined) return containers.slice(0, flags.last);
  if (flags.all) return containers;
  // One whose runtime could not be asked may well run: leaving it out would hide it when it matters most.
  return containers.filter(({ state }) => state?.status !== "created" && state?.status !== "stopped");
}

function idLines(containers: readonly Container[], noTrunc: boolean): string {
  return containers.map(({ id }) => `${displayId(id, { noTrunc })}\n`).join("");
}

function render(flags: Context["flags"], source: RowSource, containers: readonly Container[]): string {
  if (flags.format === "json")
    return jsonText(containers.map((container) => containerJson(source, container)));
  const columns = ["CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"];
  const rows = containers.map((container) => {
    const row = containerRow(source, container);
    const cells = [row.id, row.image, row.command, row.created, row.status, row.ports, row.names];
    return flags.pod ? [...cells, row.pod, row.podNamespace] : cells;
  });
  return tableText({
    columns: flags.pod ? [...columns, "POD", "K8S NAMESPACE"] : columns,
    rows,
    heading: !flags.noheading,
  });
}
