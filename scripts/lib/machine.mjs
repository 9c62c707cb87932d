// What the kernel says about this machine's mounts, cgroups and processes.
import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";

/** Runs `read`, and gives undefined where the process or cgroup has gone in the meantime. */
export function unlessGone(read) {
  try {
    return read();
  } catch (error) {
    if (["ENOENT", "ESRCH", "ENODEV", "EINVAL"].includes(error.code)) return undefined;
    throw error;
  }
}

function unescapeMountPath(path) {
  return path.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
}

/** Rows of a mountinfo file (proc(5)), oldest first. */
export function parseMountInfo(text) {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [left = "", right = ""] = line.split(" - ");
      const [, , , root = "", mountPoint = ""] = left.split(" ");
      const [type = "", source = "", options = ""] = right.split(" ");
      return {
        root: unescapeMountPath(root),
        mountPoint: unescapeMountPath(mountPoint),
        type,
        source,
        options: unescapeMountPath(options),
      };
    });
}

/** Mounts that this process sees. */
export function listMounts() {
  return parseMountInfo(readFileSync("/proc/self/mountinfo", "utf8"));
}

/** Whether `path` is `directory` or lies below it. */
export function isWithin(path, directory) {
  return path === directory || path.startsWith(`${directory}/`);
}

/** Root directories of all cgroup hierarchies, v1 and v2. */
export function cgroupHierarchies() {
  const found = listMounts().filter(({ type }) => type === "cgroup" || type === "cgroup2");
  return [...new Set(found.map(({ mountPoint }) => mountPoint))];
}

/** Directories of one cgroup path in all hierarchies that have it, with all below, deepest first. */
export function cgroupDirectories(cgroupPath) {
  const walk = (directory) => {
    const entries = unlessGone(() => readdirSync(directory, { withFileTypes: true }));
    if (entries === undefined) return [];
    const below = entries.filter((entry) => entry.isDirectory()).map((entry) => join(directory, entry.name));
    return [...below.flatMap(walk), directory];
  };
  return cgroupHierarchies().flatMap((hierarchy) => walk(join(hierarchy, cgroupPath)));
}

function readProcess(pid) {
  const argv = unlessGone(() => readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1));
  const cgroups = unlessGone(() => readFileSync(`/proc/${pid}/cgroup`, "utf8"));
  const mounts = unlessGone(() => readFileSync(`/proc/${pid}/mountinfo`, "utf8"));
  // A zombie has no command line and no mounts, and nobody but its parent can end it.
  if (argv === undefined || argv.length === 0 || cgroups === undefined || mounts === undefined)
    return undefined;
  return { pid, argv, cgroups, mounts };
}

function listProcesses() {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map((pid) => readProcess(Number(pid))).filter((found) => found !== undefined);
}

/** The program a command line runs: for a script run by node, the script. */
function programOf(argv) {
  const names = argv.slice(0, 2).map((word) => basename(word));
  return names[0] === "node" ? names[1] : names[0];
}

const ENGINES = ["conmon", "runc", "crun", "kpod"];

/** A word of a command line names the directory by itself or as `--option=PATH`. */
function namesDirectory(word, directory) {
  return isWithin(word.replace(/^--?[\w-]+=/, ""), directory);
}

function rootedIn(mountInfo, directory) {
  const root = parseMountInfo(mountInfo).find(({ mountPoint }) => mountPoint === "/");
  return root !== undefined && (isWithin(root.root, directory) || root.options.includes(`${directory}/`));
}

function inCgroup(cgroups, cgroupParent) {
  return cgroups.split("\n").some((line) => isWithin(line.split(":").slice(2).join(":"), cgroupParent));
}

/**
 * Processes of a node: its conmons, runtimes and kpods by their command line, its containers by cgroup or by the
 * file system they run on. An editor or pager that somebody opened on one of its files is none of them.
 */
export function processesOf({ directory, cgroupParent }) {
  return listProcesses()
    .filter(({ pid }) => pid !== process.pid)
    .filter(({ argv, cgroups, mounts }) => {
      const engine =
        ENGINES.includes(programOf(argv)) && argv.some((word) => namesDirectory(word, directory));
      return engine || inCgroup(cgroups, cgroupParent) || rootedIn(mounts, directory);
    })
    .map(({ pid, argv }) => ({ pid, argv }));
}

/** All conmons of the machine. */
export function listConmons() {
  return listProcesses().filter(({ argv }) => programOf(argv) === "conmon");
}
