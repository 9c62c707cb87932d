import { jsonText } from "../../format/json";
import { tableText } from "../../format/table";
import type { ContainerServer } from "../../lib/container-server";
import type { Container } from "../../lib/oci/container";
import type { ContainerProcess } from "../../lib/operations/top";
import type { CommandContext } from "../../shell/context";
import { UsageError } from "../../shell/errors";
import type { command } from "./command";
import { descriptors, isDescriptor, usualDescriptors, type DescriptorName } from "./descriptors";

type Context = CommandContext<typeof command>;

/** A process, and whose it is. */
interface Row {
  readonly container: Container;
  readonly process: ContainerProcess;
}

/** `kpod top`: lists the processes of a container or of a pod, once or with `--watch` again and again. */
export async function run(context: Context): Promise<number> {
  const { flags, args, terminal } = context;
  if (flags.listDescriptors) {
    terminal.out(`${Object.keys(descriptors).join("\n")}\n`);
    return 0;
  }
  const [name, ...rest] = args;
  if (flags.pod === undefined && name === undefined) {
    throw new UsageError("name a container, or a pod with --pod");
  }
  const columns = readDescriptors(flags.pod === undefined ? rest : args);
  const server = await context.openServer();
  const list = async (): Promise<string> => {
    const rows = await rowsOf(server, name ?? "", flags.pod);
    return flags.format === "json"
      ? jsonText(rows.map((row) => rowJson(row, columns)))
      : table(rows, columns, flags.pod !== undefined);
  };
  if (flags.watch === undefined) {
    terminal.out(await context.unlessInterrupted(list()));
    return 0;
  }
  const { watchList } = await import("../shared/watch");
  await watchList(context, flags.watch, { drawable: flags.format !== "json", list });
  return 0;
}

/** @throws UsageError for a word that is no descriptor */
function readDescriptors(words: readonly string[]): readonly DescriptorName[] {
  // podman takes them apart by commas, too.
  const names = words.flatMap((word) => word.split(",")).filter((word) => word !== "");
  const read = names.map((word) => {
    const plain = word.toLowerCase();
    if (isDescriptor(plain)) return plain;
    throw new UsageError(
      `unknown descriptor ${JSON.stringify(word)}: there are ${Object.keys(descriptors).join(", ")}`,
    );
  });
  return read.length === 0 ? usualDescriptors : read;
}

async function rowsOf(server: ContainerServer, name: string, pod: string | undefined): Promise<Row[]> {
  await server.updateRecords(pod === undefined ? [name] : undefined);
  const containers =
    pod === undefined
      ? [server.lookupContainer(name, "top", { attempt: "newest" })]
      : await livingIn(server, pod);
  const rows: Row[] = [];
  for (const container of containers) {
    for (const process of await server.containerProcesses(container.id)) rows.push({ container, process });
  }
  return rows;
}

/** The containers of a pod that have processes. */
async function livingIn(server: ContainerServer, pod: string): Promise<readonly Container[]> {
  const { id } = server.lookupSandbox(pod, "top");
  const all = server.listContainers(({ sandboxId }) => sandboxId === id);
  await server.runtime.updateStatuses(all);
  return all.filter(({ state }) => ["running", "paused", "created"].includes(state?.status ?? ""));
}

function table(rows: readonly Row[], columns: readonly DescriptorName[], ofPod: boolean): string {
  return tableText({
    columns: [...(ofPod ? ["CONTAINER"] : []), ...columns.map((name) => descriptors[name].heading)],
    rows: rows.map(({ container, process }) => [
      ...(ofPod ? [container.metadata.name] : []),
      ...columns.map((name) => String(descriptors[name].value(process))),
    ]),
  });
}

function rowJson({ container, process }: Row, columns: readonly DescriptorName[]): Record<string, unknown> {
  return {
    container: container.id,
    ...Object.fromEntries(columns.map((name) => [name, descriptors[name].value(process)])),
  };
}
