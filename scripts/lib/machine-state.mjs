// What tests must leave as they found it: mounts, conmons, cgroups and the places of the machine's own node.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { cgroupHierarchies, listConmons, listMounts, unlessGone } from "./machine.mjs";

const OWN_PLACES = [
  "/etc/crio",
  "/run",
  "/run/containers/storage",
  "/run/crio",
  "/run/crun",
  "/run/netns",
  "/run/runc",
  "/var/lib/containers",
  "/var/lib/containers/storage",
  "/var/lib/containers/storage/overlay-containers",
  "/var/lib/cni/results",
  "/var/log/crio",
  "/var/log/crio/pods",
];

// skopeo's and podman's own note of where a blob came from; no option puts it elsewhere.
const CACHES = ["/var/lib/containers", "/var/lib/containers/cache"];

function entriesOf(directory) {
  return unlessGone(() => readdirSync(directory, { withFileTypes: true })) ?? [];
}

function pathsIn(directory) {
  return entriesOf(directory).map(({ name }) => join(directory, name));
}

function cgroupsIn(hierarchy) {
  const found = entriesOf(hierarchy).filter((entry) => entry.isDirectory());
  return found.map(({ name }) => join(hierarchy, name));
}

/** Takes the state, a line for each thing. */
export function machineState() {
  return [
    ...listMounts().map(({ mountPoint, type }) => `mount ${mountPoint} (${type})`),
    ...listConmons().map(({ pid, argv }) => `process ${pid}: ${argv.join(" ").slice(0, 200)}`),
    ...cgroupHierarchies()
      .flatMap(cgroupsIn)
      .map((path) => `cgroup ${path}`),
    ...OWN_PLACES.flatMap(pathsIn)
      .filter((path) => !CACHES.includes(path))
      .map((path) => `file ${path}`),
  ];
}

/**
 * Parts what is in `after` and was not in `before`: `own` is what carries the mark of this run of the tests, `others`
 * what carries no mark at all. The marks of another run show that it is not done yet.
 */
export function newSince(before, after, run) {
  const known = new Set(before);
  const added = after.filter((line) => !known.has(line));
  const isOwn = (line) => line.includes(`kpod-run-${run}`) || line.includes(`kpod-test-${run}-`);
  const isMarked = (line) => /kpod-(run|test|w)-/.test(line);
  return { own: added.filter(isOwn), others: added.filter((line) => !isMarked(line)) };
}

function variablesOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch (error) {
    // Gone, or guarded from this process, as none is that it has started.
    if (["ENOENT", "ESRCH", "EACCES", "EPERM"].includes(error.code)) return [];
    throw error;
  }
}

/** Processes that got KPOD_TEST_RUN from this run, for it is passed on to all that a test starts. */
export function processesOfRun(run) {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids
    .filter((pid) => variablesOf(pid).includes(`KPOD_TEST_RUN=${run}`))
    .map((pid) => {
      const command =
        unlessGone(() => readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")) ?? "";
      return { pid: Number(pid), command: command.slice(0, 200) };
    });
}
