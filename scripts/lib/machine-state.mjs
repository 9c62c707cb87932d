// What tests must leave as they found it: mounts, conmons, cgroups and the places of the machine's own node.
import { lstatSync, readFileSync, readdirSync } from "node:fs";
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
    ...listConmons().map(({ pid, argv }) => `process ${pid}: ${argv.join(" ")}`),
    ...cgroupHierarchies()
      .flatMap(cgroupsIn)
      .map((path) => `cgroup ${path}`),
    ...OWN_PLACES.flatMap(pathsIn)
      .filter((path) => !CACHES.includes(path))
      .map((path) => `file ${path}`),
  ];
}

/** Larger files than these say nothing of where they come from. */
const MAX_BYTES = 1 << 20;

/** What the files at and below a path say, for a runtime's state, a record and an exit file lie under an id alone. */
function contentOf(path, depth = 3) {
  const info = unlessGone(() => lstatSync(path));
  if (info?.isFile() && info.size <= MAX_BYTES) return unlessGone(() => readFileSync(path, "utf8")) ?? "";
  if (!info?.isDirectory() || depth === 0) return "";
  return pathsIn(path)
    .map((below) => contentOf(below, depth - 1))
    .join("\n");
}

/** The line, and what the file that it names says. */
function evidenceOf(line) {
  return line.startsWith("file ") ? `${line}\n${contentOf(line.slice("file ".length))}` : line;
}

/**
 * Parts what is in `after` and was not in `before`. `own` carries the marks of this run of the tests: its directories,
 * its cgroup parents, or the id of a pod or container that something with one of these names. `others` carries no mark
 * at all, and is whosever else works on the machine. The marks of another run show that it is not done yet.
 */
export function newSince(before, after, run) {
  const known = new Set(before);
  const added = after
    .filter((line) => !known.has(line))
    .map((line) => ({ line, evidence: evidenceOf(line) }));
  const isMarked = ({ evidence }) =>
    evidence.includes(`kpod-run-${run}`) || evidence.includes(`kpod-test-${run}-`);
  const ids = new Set(
    added.filter(isMarked).flatMap(({ evidence }) => evidence.match(/\b[0-9a-f]{64}\b/g) ?? []),
  );
  const namesId = ({ line }) => (line.match(/[0-9a-f]{64}/g) ?? []).some((id) => ids.has(id));
  const isOwn = (found) => isMarked(found) || namesId(found);
  const isOfARun = ({ evidence }) => /kpod-(run|test|w)-/.test(evidence);
  return {
    own: added.filter(isOwn).map(({ line }) => line),
    others: added.filter((found) => !isOwn(found) && !isOfARun(found)).map(({ line }) => line),
  };
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
