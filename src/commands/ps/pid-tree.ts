import { escapeControl } from "../../format/escape";
import { displayId } from "../../format/id";
import { KpodError } from "../../lib/errors";
import type { Container } from "../../lib/oci/container";
import type { ContainerProcess } from "../../lib/operations/top";
import { podOf, type Listing } from "../shared/listing";

/** A line of a tree, and those below it. */
interface Branch {
  readonly text: string;
  readonly below: readonly Branch[];
}

/** The pods of containers as trees: their containers, and the processes of each by who has started whom. */
export async function pidTreeText(listing: Listing, containers: readonly Container[]): Promise<string> {
  const pods = new Map<string, { readonly text: string; readonly below: Branch[] }>();
  for (const container of containers) {
    const processes = await processesOf(listing, container);
    if (processes.length === 0) continue;
    const pod = podOf(listing, container);
    const tree = pods.get(container.sandboxId) ?? {
      text: pod === undefined ? displayId(container.sandboxId, listing) : `${pod.namespace}/${pod.kubeName}`,
      below: [],
    };
    pods.set(container.sandboxId, tree);
    const name = `${container.metadata.name} (${displayId(container.id, listing)})`;
    tree.below.push({ text: name, below: branchesOf(processes) });
  }
  return [...pods.values()]
    .map(({ text, below }) => `${escapeControl(text)}\n${linesOf(below, "")}`)
    .join("");
}

/** Those of one that has none, or has just ended, are none. */
async function processesOf(
  { server }: Pick<Listing, "server">,
  { id }: Container,
): Promise<readonly ContainerProcess[]> {
  try {
    return await server.containerProcesses(id);
  } catch (error) {
    if (error instanceof KpodError && (error.code === "BAD_STATE" || error.code === "NOT_FOUND")) return [];
    throw error;
  }
}

/** Levels that are shown: a container may start as many as it likes, one below the other. */
const mostLevels = 100;

function branchesOf(processes: readonly ContainerProcess[]): Branch[] {
  const pids = new Set(processes.map(({ pid }) => pid));
  const started = new Map<number, ContainerProcess[]>();
  // What was started from outside: by the runtime, or by what has left it to another process.
  const first: ContainerProcess[] = [];
  for (const process of processes) {
    const siblings = started.get(process.parent);
    if (!pids.has(process.parent)) first.push(process);
    else if (siblings === undefined) started.set(process.parent, [process]);
    else siblings.push(process);
  }
  const branch = (process: ContainerProcess, level: number): Branch => {
    const below = started.get(process.pid) ?? [];
    return {
      text: `${process.pid} ${process.args.length === 0 ? `[${process.name}]` : process.args.join(" ")}`,
      below:
        level < mostLevels
          ? below.map((each) => branch(each, level + 1))
          : below.map(({ pid }) => ({ text: `${pid} …`, below: [] })),
    };
  };
  return first.map((process) => branch(process, 1));
}

function linesOf(branches: readonly Branch[], indent: string): string {
  return branches
    .map(({ text, below }, index) => {
      const isLast = index === branches.length - 1;
      const line = `${indent}${isLast ? "└─" : "├─"} ${escapeControl(text)}\n`;
      return line + linesOf(below, `${indent}${isLast ? "   " : "│  "}`);
    })
    .join("");
}
