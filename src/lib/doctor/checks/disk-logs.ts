import { lstatSync, readlinkSync, statSync, type Stats } from "node:fs";
import { dirname, join } from "node:path";
import { ifThere } from "../../errors";
import { isStorageId } from "../../names/ids";
import { findMonitor, searchMonitor } from "../../oci/conmon/find";
import type { Container } from "../../oci/container";
import { readQuantity } from "../../quantity";
import { namesInDirectory } from "../../system/files";
import { openFileLinks, processLink } from "../../system/process";
import type { Check } from "../check";
import { layerAge, type Facts } from "../facts";
import { containerObject } from "../facts/containers";
import { runningNames } from "../facts/forgotten";
import { kubelet } from "../facts/kubelet";
import { containerLogs, kubeletLogDirectories, type ContainerLog } from "../facts/container-logs";
import { podUids } from "../facts/specs";
import { noContainer } from "../facts/record-files";
import { containerIds } from "../facts/store";
import { bytesOf } from "../facts/unowned";
import { mendBySteps, type Found, type OfferedMend } from "../finding";
import { quoted } from "../quoted";
import type { MendStep } from "../step";

/** Bytes at which the kubelet rotates a log, unless it is told otherwise. */
const usualLogSize = 10 * 1024 * 1024;

/** The kubelet looks every ten seconds: a log that is written fast is larger by then, but not as many times. */
const muchLarger = 10;

export const check: Check = {
  id: "disk.logs",
  rank: 360,
  severity: "leaks",
  about: `Logs that take room for nothing: one that has been deleted while conmon writes to it, which nobody can read and whose bytes
the disk gets back when the container ends; one that is ten times as large as \`containerLogMaxSize\` of the kubelet allows
(10 MiB where it says nothing), which is rotated by nobody; and directories of logs, and links to logs, of pods that are
gone, where the logs of this store's containers lie, older than a day. Directories and links are deleted; the others are
told with the commands: a large log is rotated as the kubelet does it where conmon writes it, and else emptied.`,
  quick: false,
  live: true,
  find: findLogs,
};

async function findLogs(facts: Facts): Promise<readonly Found[]> {
  const logs = await facts.get(containerLogs);
  return [
    ...logs.flatMap((log) => {
      const stat = lstatSync(log.path, { throwIfNoEntry: false });
      return stat === undefined ? deletedLog(facts, log) : largeLog(facts, log, stat);
    }),
    ...(await leftDirectories(facts)),
    ...(await leftLinks(facts)),
  ];
}

/** A log whose name is gone while somebody writes to it. */
function deletedLog(facts: Facts, { container, path }: ContainerLog): Found[] {
  if (!isAtWork(container)) return [];
  const pid = findMonitor(container)?.pid;
  if (pid === undefined) return [];
  const link = openFileLinks(pid).find((name) => processLink(pid, name) === `${path} (deleted)`);
  if (link === undefined) return [];
  const file = `/proc/${pid}/${link}`;
  const bytes = (statSync(file, { throwIfNoEntry: false })?.blocks ?? 0) * 512;
  return [
    {
      severity: "leaks",
      object: { ...containerObject(facts, container), path },
      key: "deleted",
      evidence: [
        { file: path, says: "is missing" },
        { file, says: "is the file that was there: conmon still writes to it" },
      ],
      consequence: "nobody reads its log, and the disk gets the bytes back when the container ends",
      bytes,
      mend: {
        class: "S",
        what: "copy it away if it is needed, and have conmon open its log anew",
        commands: [
          `cp ${quoted(file)} ${quoted(`${path}.saved`)}`,
          `echo "2 0 0" >${quoted(join(container.bundlePath, "ctl"))}`,
        ],
      },
    },
  ];
}

/** A log that has outgrown what rotates it. */
function largeLog(facts: Facts, { container, path }: ContainerLog, stat: Stats): Found[] {
  // Hardly ever is one as large: who rotates it is asked then.
  if (!stat.isFile() || stat.size < usualLogSize) return [];
  const settings = facts.get(kubelet);
  const limit = readQuantity(settings?.setting("containerLogMaxSize")) ?? usualLogSize;
  if (stat.size < limit * muchLarger) return [];
  return [
    {
      severity: "leaks",
      object: { ...containerObject(facts, container), path },
      key: "large",
      evidence: [
        { file: path, says: `has ${stat.size} bytes` },
        {
          file: settings?.sourceOf("containerLogMaxSize") ?? "the kubelet",
          says:
            settings === undefined
              ? "is not there, or has its containers made by another CRI-O: nobody rotates the log"
              : `has it rotated at ${limit} bytes, and that was not done`,
        },
      ],
      consequence: "the log grows until the disk is full",
      bytes: stat.blocks * 512,
      mend: mendOfLarge(facts, container, path),
    },
  ];
}

/** A log that conmon writes is rotated, and loses nothing; one that nobody writes could only be emptied. */
function mendOfLarge({ now }: Facts, container: Container, path: string): OfferedMend {
  const isWritten = isAtWork(container) && searchMonitor(container) !== undefined;
  if (!isWritten) {
    return {
      class: "S",
      what: "copy it away if it is needed, and empty it",
      commands: [`truncate -s 0 ${quoted(path)}`],
    };
  }
  // By this name the kubelet, which removes the oldest of them, and kpod logs find it.
  const time = new Date(now).toISOString().replace(/\..*|[-:]/g, "");
  const rotated = quoted(`${path}.${time.replace("T", "-")}`);
  return {
    class: "S",
    what: "rotate it as the kubelet does: move it away, have conmon open its log anew, and compress what was moved",
    commands: [
      `mv ${quoted(path)} ${rotated}`,
      `kpod logs --reopen ${container.id.slice(0, 13)}`,
      `gzip ${rotated}`,
    ],
  };
}

function isAtWork({ state }: Container): boolean {
  return state?.status === "running" || state?.status === "paused";
}

/** Directories of logs whose pods have no record. */
async function leftDirectories(facts: Facts): Promise<readonly Found[]> {
  const running = await facts.get(runningNames);
  const uids = new Set([...(await facts.get(podUids)).values(), ...running.podUids]);
  const known = await facts.get(containerIds);
  const { logDir } = facts.server.config;
  const ofPods = (await facts.get(kubeletLogDirectories)).flatMap((directory) =>
    namesInDirectory(directory)
      .filter((name) => {
        const uid = /^[^_]+_[^_]+_([^_]+)$/.exec(name)?.[1];
        return uid !== undefined && !uids.has(uid);
      })
      .map((name) => join(directory, name)),
  );
  const names = namesInDirectory(logDir).filter(isStorageId);
  // With none of this store's in it, it may be that of another one.
  const isOwn = names.some((name) => known.has(name));
  const ofCrio = names
    .filter((name) => isOwn && !known.has(name) && !running.ids.has(name))
    .map((name) => join(logDir, name));
  const places = [...ofPods, ...ofCrio];
  const found: Found[] = [];
  for (const path of places) {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory() !== true || facts.isYoung(newestIn(path, stat), layerAge)) continue;
    found.push({
      ...leftOver(facts, path, "is the directory of the logs of a pod that has no record", [
        { do: "remove-tree", path, place: "root" },
      ]),
      bytes: await bytesOf(facts, path),
      since: stat.mtimeMs,
    });
  }
  return found;
}

/** When something in a directory was written last, as far as one level down tells. */
function newestIn(path: string, { mtimeMs }: Stats): number {
  const below = namesInDirectory(path).map(
    (name) => lstatSync(join(path, name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
  );
  return below.reduce((latest, time) => Math.max(latest, time), mtimeMs);
}

/** Links of the kubelet to logs that are gone: `POD_NAMESPACE_CONTAINER-ID.log`. */
async function leftLinks(facts: Facts): Promise<readonly Found[]> {
  const known = await facts.get(containerIds);
  const running = await facts.get(runningNames);
  return (await facts.get(kubeletLogDirectories)).flatMap((directory) => {
    const links = join(dirname(directory), "containers");
    return namesInDirectory(links).flatMap((name): Found[] => {
      const id = /-([0-9a-f]{64})\.log$/.exec(name)?.[1];
      const path = join(links, name);
      if (id === undefined || known.has(id) || running.ids.has(id)) return [];
      const stat = lstatSync(path, { throwIfNoEntry: false });
      const target = ifThere(() => readlinkSync(path), "EINVAL") ?? "";
      const leadsNowhere = statSync(path, { throwIfNoEntry: false }) === undefined;
      if (!target.startsWith(`${directory}/`) || !leadsNowhere || stat === undefined) return [];
      if (facts.isYoung(stat.mtimeMs, layerAge)) return [];
      return [leftOver(facts, path, `leads to ${target}, which is gone`, [{ do: "remove", path }])];
    });
  });
}

function leftOver(facts: Facts, path: string, says: string, steps: readonly MendStep[]): Found {
  return {
    severity: "leaks",
    object: { kind: "path", path },
    evidence: [{ file: path, says }, ...noContainer(facts, "has no pod or container that it could be of")],
    consequence: "it takes room for nothing",
    mend: mendBySteps("S", "delete it", steps),
  };
}
