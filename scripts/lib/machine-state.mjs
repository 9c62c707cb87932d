// What tests must leave as they found it: mounts, conmons, cgroups and the places of the machine's own node.
import { readdirSync } from "node:fs";
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

/** What is in `after` and was not in `before`, but for what belongs to another run of the tests. */
export function newSince(before, after, run) {
  const known = new Set(before);
  const marks = [`kpod-run-${run}`, `kpod-test-${run}-`];
  const ofAnotherRun = (line) =>
    /kpod-(run|test|w)-/.test(line) && !marks.some((mark) => line.includes(mark));
  return after.filter((line) => !known.has(line) && !ofAnotherRun(line));
}
