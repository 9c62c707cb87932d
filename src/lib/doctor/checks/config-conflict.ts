import { existsSync } from "node:fs";
import { join } from "node:path";
import { askDaemon } from "../../crio/daemon";
import { tolerate } from "../../errors";
import { silentLogger } from "../../logger";
import { graphDrivers } from "../../storage/layout";
import { readRecords } from "../../storage/records";
import { isRecord, parseJson } from "../../system/files";
import type { Container } from "../../oci/container";
import { realPath } from "../../system/mount";
import { mountNamespaceOf } from "../../system/namespaces";
import { allProcesses, readCommandLine } from "../../system/process";
import type { Check } from "../check";
import type { Facts } from "../facts";
import { runningContainers } from "../facts/containers";
import { crioProcess } from "../facts/crio-process";
import { valueOfFlag } from "../facts/flags";
import { kubelet } from "../facts/kubelet";
import type { Found } from "../finding";

export const check: Check = {
  id: "storage.config-conflict",
  rank: 140,
  severity: "informs",
  about: `The root has records of two graph drivers, of which programs see the one or the other; or the CRI-O that runs works on
another root, or with another graph driver or cgroup manager, than its configuration on the disk says, which counts from its
next start on: its pods then seem to be gone. Also told are containers that run in cgroups of both managers, a kubelet of
this CRI-O whose \`cgroupDriver\` is another one, and a second CRI-O that was called with the same root. It is told for
information; which of the two is meant nobody but you knows.`,
  quick: true,
  live: false,
  find: findConflicts,
};

async function findConflicts(facts: Facts): Promise<readonly Found[]> {
  const { config, store } = facts.server;
  const found: Found[] = [];
  const used = graphDrivers.filter((driver) =>
    ["layers", "containers", "images"].some((what) => {
      const path = join(config.root, `${driver}-${what}`, `${what}.json`);
      return existsSync(path) && tolerate([], () => readRecords(path, silentLogger)).length > 0;
    }),
  );
  if (used.length > 1) {
    found.push({
      severity: "informs",
      object: { kind: "path", path: config.root },
      key: "drivers",
      evidence: used.map((driver) => ({
        file: join(config.root, `${driver}-layers`),
        says: "holds records",
      })),
      consequence: `what the other driver has is not seen: the driver in use is ${store.layout.driver}`,
      mend: { class: "N", what: "move away what belongs to the driver that is not used", commands: [] },
    });
  }
  if (facts.options.live && config.listen.startsWith("/")) {
    const answer = await askDaemon(config.listen, "/info");
    const info: unknown =
      typeof answer === "string"
        ? undefined
        : tolerate(undefined, () => parseJson(config.listen, answer.text));
    if (isRecord(info)) found.push(...daemonConflicts(facts, info));
  }
  if (facts.options.live) {
    found.push(...(await managerConflicts(facts)), ...kubeletConflicts(facts), ...secondDaemons(facts));
  }
  return found;
}

/** Containers that run in cgroups of both managers: each knows, and limits, its own alone. */
async function managerConflicts(facts: Facts): Promise<readonly Found[]> {
  const containers = await facts.get(runningContainers);
  const isOfSystemd = (container: Container): boolean | undefined => {
    const path = tolerate("", () => container.spec.linux?.cgroupsPath ?? "");
    return path === "" ? undefined : /^[^/:]*:[^/:]*:[^/:]+$/.test(path);
  };
  // That of its pod is that of a container.
  const pods = containers.filter(({ infra }) => infra);
  const [first] = pods.filter((container) => isOfSystemd(container) === true);
  const [other] = pods.filter((container) => isOfSystemd(container) === false);
  if (first === undefined || other === undefined) return [];
  return [
    {
      severity: "informs",
      object: { kind: "path", path: facts.server.config.root },
      key: "managers",
      evidence: [
        { file: `${first.dir}/config.json`, says: "names a scope of systemd" },
        { file: `${other.dir}/config.json`, says: "names a path of cgroupfs" },
      ],
      consequence: "the limits of the pods of one manager are not counted in those of the other",
      mend: { class: "N", what: "have those made anew that are not of the one in use", commands: [] },
    },
  ];
}

/** A kubelet that has its pods made in cgroups of another manager than CRI-O takes. */
function kubeletConflicts(facts: Facts): readonly Found[] {
  const { config } = facts.server;
  const settings = facts.get(kubelet);
  const driver = settings?.setting("cgroupDriver");
  if (settings === undefined || driver === undefined || driver === config.cgroupManager) return [];
  return [
    {
      severity: "informs",
      object: { kind: "process", pid: settings.pid, name: "kubelet" },
      key: "kubelet",
      evidence: [
        { file: settings.sourceOf("cgroupDriver"), says: `cgroupDriver is ${driver}` },
        {
          file: config.sources.get("cgroupManager") ?? "the defaults",
          says: `cgroup_manager is ${config.cgroupManager}`,
        },
      ],
      consequence:
        "no pod can be started by a kubelet that does not ask CRI-O for it, as those before 1.31 do not",
      mend: { class: "N", what: "set both to the same", commands: [] },
    },
  ];
}

/**
 * Another CRI-O that works on this root, by how it was called.
 * @param command the name of its process
 */
export function secondDaemons(facts: Facts, command = "crio"): readonly Found[] {
  const own = facts.get(crioProcess);
  if (own === undefined) return [];
  const { config } = facts.server;
  const words = readCommandLine(own) ?? [];
  const [space, root] = [mountNamespaceOf(own), rootAskedIn(words) ?? config.root];
  return facts.get(allProcesses).flatMap(({ pid, parent, name }): Found[] => {
    // What it has started itself bears its name for a moment; in another mount namespace its paths are others.
    if (pid === own || parent === own || name !== command) return [];
    if (mountNamespaceOf(pid) !== space) return [];
    const theirs = readCommandLine(pid) ?? [];
    const isOther = ["-c", "--config", "--config-dir"].some(
      (flag) => valueOfFlag(theirs, flag) !== valueOfFlag(words, flag),
    );
    const theirRoot = rootAskedIn(theirs) ?? (isOther ? undefined : root);
    if (theirRoot === undefined || !isSame(theirRoot, root)) return [];
    return [
      {
        severity: "informs",
        object: { kind: "process", pid, name: command },
        key: "second",
        evidence: [
          { file: `/proc/${own}/cmdline`, says: `is the CRI-O of ${config.listen}, with the root ${root}` },
          { file: `/proc/${pid}/cmdline`, says: `is another one with that root: ${theirs.join(" ")}` },
        ],
        consequence: "each knows its own pods alone, and removes those of the other as what nobody knows",
        mend: { class: "N", what: "stop the one that is not meant", commands: [`kill ${pid}`] },
      },
    ];
  });
}

function rootAskedIn(words: readonly string[]): string | undefined {
  return valueOfFlag(words, "--root") ?? valueOfFlag(words, "-r");
}

/** The fields of the configuration by their keys in the file. */
const fields = { root: "root", storage_driver: "storage", cgroup_manager: "cgroupManager" } as const;

/** Where the CRI-O that runs has something else than the files that the next one reads. */
function daemonConflicts(
  { server: { config, store } }: Facts,
  info: Record<string, unknown>,
): readonly Found[] {
  const pairs = [
    ["storage_root", "root", config.root],
    ["storage_driver", "storage_driver", store.layout.driver],
    ["cgroup_driver", "cgroup_manager", config.cgroupManager],
  ] as const;
  return pairs.flatMap(([field, key, configured]): Found[] => {
    const says = info[field];
    if (typeof says !== "string" || says === "" || isSame(says, configured)) return [];
    // Where nobody has set it, the next CRI-O takes the same as this one.
    if (key === "cgroup_manager" && !config.sources.has("cgroupManager")) return [];
    return [
      {
        severity: "informs",
        object: { kind: "path", path: config.listen },
        key,
        evidence: [
          { file: config.listen, says: `${field} of the CRI-O that runs is ${says}` },
          {
            file: config.sources.get(fields[key]) ?? "the defaults",
            says: `${key} is ${configured}`,
          },
        ],
        consequence:
          key === "cgroup_manager"
            ? "from its next start on CRI-O makes cgroups of the other manager beside those that are there"
            : "from its next start on CRI-O works on another store, and its pods seem to be gone",
        mend: { class: "N", what: "set the one that is meant", commands: [] },
      },
    ];
  });
}

function isSame(one: string, other: string): boolean {
  return one === other || (one === "overlay2" && other === "overlay") || realPath(one) === realPath(other);
}
