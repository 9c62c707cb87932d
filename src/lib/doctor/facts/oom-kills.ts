import type { KernelLine } from "../../system/kernel-log";
import type { Facts } from "../facts";
import { kernelLog } from "./kernel-log";

/** A process that the kernel has killed for want of memory. */
export interface OomKill {
  readonly pid: number;
  /** The name of its program, as far as the kernel keeps it. */
  readonly name: string;
  /** When, by the clock of now. */
  readonly at: Date;
}

/** What the kernel's log still tells of killed processes, by the ids of the containers in whose cgroups they were. */
export function oomKills(facts: Facts): ReadonlyMap<string, readonly OomKill[]> {
  return oomKillsIn(facts.get(kernelLog));
}

/** @param lines the oldest first */
export function oomKillsIn(lines: readonly KernelLine[]): ReadonlyMap<string, readonly OomKill[]> {
  const kills = new Map<string, OomKill[]>();
  for (const { at, text } of lines) {
    // Since Linux 4.19. A program may call itself as it likes: what stands behind its name is read from the end.
    const [, cgroup = "", name = "", pid] =
      /^oom-kill:constraint=.*?,task_memcg=(.*?),task=(.*),pid=(\d+),uid=\d+$/.exec(text) ?? [];
    const id = /crio-([0-9a-f]{64})/.exec(cgroup)?.[1];
    if (id === undefined) continue;
    kills.set(id, [...(kills.get(id) ?? []), { pid: Number(pid), name, at: new Date(at) }]);
  }
  return kills;
}

/** The last one in words: `sh (123) was killed at …`. */
export function killWords({ pid, name, at }: OomKill): string {
  return `${name} (${pid}) was killed at ${at.toISOString().replace(/\.\d+/, "")}`;
}
