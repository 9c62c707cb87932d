import { frozenCgroupOf } from "../../cgroups/freezer";
import type { Container } from "../../oci/container";
import type { StoreLayout } from "../../storage/layout";
import { readMounts } from "../../system/mount";
import { mountNamespaceOf } from "../../system/namespaces";
import { readProcessCgroup, readWaitChannel } from "../../system/process";
import type { Facts } from "../facts";
import type { Evidence } from "../finding";
import { heldStoreLocks, type HeldStoreLock } from "../facts/lock-holders";
import { nodeMounts } from "../facts/mounts";
import { hangingTasks, processWords, remoteMountsOf, taskWords } from "../facts/processes";
import { readNamespaceMounts } from "../readings/namespace-mounts";

/**
 * What holds a container: its mounts in namespaces of others, processes of it that hang in the kernel, and the cgroup that
 * freezes it.
 */
export async function holdersOf(facts: Facts, container: Container): Promise<readonly Evidence[]> {
  const { state } = container;
  const runs = state?.status === "running" || state?.status === "paused";
  return [
    ...(runs ? frozenBy(state.pid) : await mountHolders(facts, container)),
    ...(await hangingIn(facts, container)),
  ];
}

/**
 * Who keeps everybody from changing the store, or reading it.
 * @param before those who held its locks when the call began: one that is given back at once is in nobody's way
 */
export function lockHolders(layout: StoreLayout, before: readonly HeldStoreLock[]): readonly Evidence[] {
  if (before.length === 0) return [];
  const names = new Set(before.map(({ name }) => name));
  return heldStoreLocks(layout)
    .filter(({ name }) => names.has(name))
    .map(({ path, pid, waits }) => ({
      file: path,
      says: `${processWords(pid)} holds the lock ${path}${waits === "" ? "" : `, and is in ${waits}`}: what changes or reads the store waits for it`,
    }));
}

function frozenBy(pid: number): Evidence[] {
  const cgroup = pid === 0 ? undefined : frozenCgroupOf(pid);
  return cgroup === undefined
    ? []
    : [{ file: cgroup, says: `the cgroup ${cgroup} is frozen: nothing in it goes on` }];
}

/** Mounts of what has ended, by the namespaces that have them: each is told once, with a process in it. */
async function mountHolders(facts: Facts, { layerId, bundlePath }: Container): Promise<Evidence[]> {
  if (layerId === "") return [];
  // Where the store itself is at work it is unmounted when the container is removed.
  const { viewer } = await facts.get(nodeMounts);
  const home = mountNamespaceOf(viewer ?? "self");
  const { root } = facts.server.store.layout;
  const needles = [`/${layerId}/merged`, `${bundlePath}/`].filter((needle) => needle.length > 8);
  const isHeld = (target: string): boolean =>
    needles.some((needle) => target.includes(needle)) || target.startsWith(`${root}/${layerId}`);
  return readNamespaceMounts(needles).flatMap(({ namespace, pid, text }) =>
    namespace !== home
      ? readMounts(text)
          .filter(({ target }) => isHeld(target))
          .map(({ target }) => ({
            file: `/proc/${pid}/mountinfo`,
            says: `${processWords(pid)} still sees ${target} mounted`,
          }))
      : [],
  );
}

async function hangingIn(facts: Facts, { id }: Container): Promise<Evidence[]> {
  return (await facts.get(hangingTasks))
    .filter(({ pid }) => (readProcessCgroup(pid) ?? "").includes(id))
    .flatMap(({ pid }) => {
      if (frozenCgroupOf(pid) !== undefined) return [];
      const channel = readWaitChannel(pid);
      const mounts = remoteMountsOf(pid).map(({ target, type }) => `${target} (${type})`);
      const waits = channel === "" ? "" : `, and waits in ${channel}`;
      const on = mounts.length === 0 ? "" : `, perhaps on ${mounts.join(" or ")}`;
      return [{ file: `/proc/${pid}/stat`, says: `${taskWords(pid)} hangs in the kernel${waits}${on}` }];
    });
}
