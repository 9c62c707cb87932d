import { isatty } from "node:tty";
import type { CopyDestination, CopyPlace, CopySource } from "../../lib/operations/copy";
import type { CommandContext } from "../../shell/context";
import { UsageError } from "../../shell/errors";
import { expectMuchWork } from "../../shell/much-work";
import { refuseTerminal } from "../shared/output-archive";
import type { command } from "./command";

/** `kpod cp`: copies files between containers and the node. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { args, flags, terminal, logger } = context;
  const [from, to] = args.map(readPlace);
  if (
    from === undefined ||
    to === undefined ||
    (from === "-" && to === "-") ||
    !(isOfContainer(from) || isOfContainer(to))
  )
    throw new UsageError("SRC or DST must be a path of a container: CONTAINER:PATH");
  if (from === "-" && isatty(0))
    throw new UsageError("refusing to read an archive from a terminal: redirect or pipe one");
  if (to === "-") refuseTerminal(undefined, terminal);
  const signal = context.signal();
  const server = await context.openServer();
  await server.updateRecords([from, to].flatMap(containerOf));
  expectMuchWork();
  const source: CopySource = from === "-" ? { archive: await standardInput(signal) } : from;
  const destination: CopyDestination = to === "-" ? { write: terminal.out } : to;
  const { archive, followLink } = flags;
  const { devices, sockets, torn } = await server.copy(source, destination, { archive, followLink, signal });
  if (devices > 0) logger.warn(`left out ${counted(devices, "device")}: --archive copies them`);
  if (sockets > 0) logger.warn(`left out ${counted(sockets, "socket")}`);
  return torn === 0 ? 0 : 1;
}

/**
 * Reads an argument: `CONTAINER:PATH`, a path of the node, or `-` for an archive. A path of the node that has a colon begins
 * with `/` or `.`.
 * @throws UsageError where a part is missing
 */
function readPlace(argument: string): CopyPlace | "-" {
  if (argument === "-") return "-";
  const colon = argument.indexOf(":");
  if (colon === -1 || argument.startsWith("/") || argument.startsWith(".")) return { path: argument };
  const [container, path] = [argument.slice(0, colon), argument.slice(colon + 1)];
  if (container === "")
    throw new UsageError(`${argument}: name a container before the colon, or begin with ./`);
  if (path === "") throw new UsageError(`${argument}: name a path after the colon, / for all`);
  return { container, path };
}

function isOfContainer(place: CopyPlace | "-"): boolean {
  return containerOf(place).length > 0;
}

/** The name of the container that a place is in, if any. */
function containerOf(place: CopyPlace | "-"): string[] {
  return place === "-" || place.container === undefined ? [] : [place.container];
}

/** The bytes of standard input, until Ctrl-C. */
async function standardInput(signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  const { addAbortSignal } = await import("node:stream");
  return addAbortSignal(signal, process.stdin);
}

function counted(count: number, what: string): string {
  return count === 1 ? `a ${what}` : `${count} ${what}s`;
}
