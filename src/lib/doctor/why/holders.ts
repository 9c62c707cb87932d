import { ifThere } from "../../errors";
import { frozenCgroupOf } from "../../cgroups/freezer";
import type { Container } from "../../oci/container";
import type { ServerView } from "../../server-parts";
import { readMounts } from "../../system/mount";
import { mountNamespaceOf } from "../../system/namespaces";
import { allProcesses, readProcessCgroup, readProcessFile, readWaitChannel } from "../../system/process";
import type { Facts } from "../facts";
import type { Evidence } from "../finding";
import { processWords, remoteMountsOf } from "../facts/processes";

/**
 * What holds a container: its mounts in namespaces of others, processes of it that hang in the kernel, and the cgroup that
 * freezes it.
 */
export function holdersOf(facts: Facts, container: Container): readonly Evidence[] {
  const { state } = container;
  const runs = state?.status === "running" || state?.status === "paused";
  return [...(runs ? frozenBy(state.pid) : mountHolders(facts.server, container)), ...hangingIn(container)];
}

function frozenBy(pid: number): Evidence[] {
  const cgroup = pid === 0 ? undefined : frozenCgroupOf(pid);
  return cgroup === undefined ? [] : [{ file: cgroup, says: "is frozen: nothing in it goes on" }];
}

/** Mounts of what has ended, by the namespaces that have them: each is told once, with a process in it. */
function mountHolders({ store }: Pick<ServerView, "store">, { layerId, bundlePath }: Container): Evidence[] {
  if (layerId === "") return [];
  const needles = [`/${layerId}/merged`, `${bundlePath}/`].filter((needle) => needle.length > 8);
  const seen = new Set<string>();
  const found: Evidence[] = [];
  for (const { pid } of allProcesses()) {
    const namespace = mountNamespaceOf(pid);
    if (namespace === undefined || seen.has(namespace)) continue;
    seen.add(namespace);
    const text = ifThere(() => readProcessFile(pid, "mountinfo"), "EINVAL", "EACCES") ?? "";
    if (!needles.some((needle) => text.includes(needle))) continue;
    for (const { target } of readMounts(text)) {
      if (
        needles.some((needle) => target.includes(needle)) ||
        target.startsWith(`${store.layout.root}/${layerId}`)
      )
        found.push({
          file: `/proc/${pid}/mountinfo`,
          says: `${processWords(pid)} still sees ${target} mounted`,
        });
    }
  }
  return found;
}

function hangingIn({ id }: Container): Evidence[] {
  return allProcesses()
    .filter(({ state, pid }) => state === "D" && (readProcessCgroup(pid) ?? "").includes(id))
    .flatMap(({ pid }) => {
      if (frozenCgroupOf(pid) !== undefined) return [];
      const channel = readWaitChannel(pid);
      const mounts = remoteMountsOf(pid).map(({ target, type }) => `${target} (${type})`);
      const waits = channel === "" ? "" : `, and waits in ${channel}`;
      const on = mounts.length === 0 ? "" : `, perhaps on ${mounts.join(" or ")}`;
      return [{ file: `/proc/${pid}/stat`, says: `${processWords(pid)} hangs in the kernel${waits}${on}` }];
    });
}
