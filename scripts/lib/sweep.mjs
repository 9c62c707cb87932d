// Takes down a node that lies in one directory: containers, conmons, mounts, cgroups, files; in this order, since
// each holds the next.
import { execFile } from "node:child_process";
import { existsSync, readFileSync, readdirSync, rmSync, rmdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { runtimeProgram } from "./layout.mjs";
import { cgroupDirectories, isWithin, listMounts, processesOf, unlessGone } from "./machine.mjs";

const run = promisify(execFile);
const STEP_MS = 50;
/** What a conmon gets to end by itself, for it still has an exit file to write. */
const CONMON_MS = 2000;

/** Repeats `attempt` until it says true or the time is up; what is left then shows in leftovers(). */
async function until(attempt, patienceMs) {
  const end = Date.now() + patienceMs;
  while (!(await attempt())) {
    if (Date.now() > end) return false;
    await sleep(STEP_MS);
  }
  return true;
}

/** A frozen process dies only after it is thawed. */
function thaw(cgroupParent) {
  for (const directory of cgroupDirectories(cgroupParent)) {
    for (const [file, value] of [
      ["freezer.state", "THAWED"],
      ["cgroup.freeze", "0"],
    ]) {
      const path = join(directory, file);
      if (existsSync(path)) unlessGone(() => writeFileSync(path, value));
    }
  }
}

/** Deletes every container that a runtime knows below its root; gives what went wrong. */
async function deleteContainers(layout, name) {
  const root = layout.runtimeRoots[name];
  if (!existsSync(root)) return [];
  const program = runtimeProgram(layout, name);
  const ids = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  if (ids.length > 0 && program === undefined)
    return [`${name} is not there to delete what is below ${root}`];
  const outcomes = await Promise.allSettled(
    ids.map((entry) => run(program, ["--root", root, "delete", "--force", entry.name], { timeout: 30_000 })),
  );
  return outcomes.filter(({ status }) => status === "rejected").map(({ reason }) => reason.message.trim());
}

/** Sends a signal to a process that may have ended. */
export function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

function isConmon({ argv }) {
  return basename(argv[0]) === "conmon";
}

function isKpod({ argv }) {
  return argv.slice(0, 2).some((word) => basename(word) === "kpod");
}

/** Ends all but conmons, which end by themselves then, and after a moment those too. */
async function endProcesses(layout, patienceMs) {
  for (const found of processesOf(layout)) if (!isConmon(found)) signal(found.pid, "SIGKILL");
  if (await until(() => processesOf(layout).length === 0, CONMON_MS)) return;
  await until(() => {
    const left = processesOf(layout);
    for (const { pid } of left) signal(pid, "SIGKILL");
    return left.length === 0;
  }, patienceMs);
}

function mountsBelow(directory) {
  const found = listMounts().map(({ mountPoint }) => mountPoint);
  return found.filter((mountPoint) => isWithin(mountPoint, directory));
}

function depth(path) {
  return path.split("/").length;
}

async function unmountAll(directory, patienceMs) {
  let failures = [];
  await until(async () => {
    failures = [];
    // Later mounts lie over earlier ones, so the newest of the deepest goes first.
    const targets = mountsBelow(directory).reverse();
    targets.sort((a, b) => depth(b) - depth(a));
    for (const target of targets) {
      await run("umount", ["-n", "-c", "--", target]).catch((error) => failures.push(error.stderr.trim()));
    }
    return mountsBelow(directory).length === 0;
  }, patienceMs);
  return failures;
}

async function removeCgroups(cgroupParent, patienceMs) {
  await until(() => {
    for (const directory of cgroupDirectories(cgroupParent)) {
      try {
        rmdirSync(directory);
      } catch (error) {
        if (!["EBUSY", "ENOENT", "ENOTEMPTY"].includes(error.code)) throw error;
      }
    }
    return cgroupDirectories(cgroupParent).length === 0;
  }, patienceMs);
}

const CNI_CACHE = "/var/lib/cni/results";

/** What libcni's cache, which is one for the whole machine, keeps of the node's pods. */
function cachedNetworks(directory) {
  const names = existsSync(CNI_CACHE) ? readdirSync(CNI_CACHE) : [];
  return names
    .map((name) => join(CNI_CACHE, name))
    .filter((path) => unlessGone(() => readFileSync(path, "utf8"))?.includes(`"netns":"${directory}/`));
}

/** See sweep.d.mts. */
export function leftovers(layout) {
  const { directory, cgroupParent } = layout;
  return [
    ...processesOf(layout).map(({ pid, argv }) => `process ${pid}: ${argv.join(" ").slice(0, 200)}`),
    ...mountsBelow(directory).map((mountPoint) => `mount ${mountPoint}`),
    ...cgroupDirectories(cgroupParent).map((cgroup) => `cgroup ${cgroup}`),
    ...cachedNetworks(directory).map((path) => `cached network ${path}`),
    ...(existsSync(directory) ? [`directory ${directory}`] : []),
  ];
}

/** See sweep.d.mts. */
export async function sweep(layout, { patienceMs = 10_000 } = {}) {
  const { directory, cgroupParent } = layout;
  // A kpod that still works would make anew what is being removed.
  for (const { pid } of processesOf(layout).filter(isKpod)) signal(pid, "SIGKILL");
  thaw(cgroupParent);
  const failures = [...(await deleteContainers(layout, "runc")), ...(await deleteContainers(layout, "crun"))];
  await endProcesses(layout, patienceMs);
  failures.push(...(await unmountAll(directory, patienceMs)));
  await removeCgroups(cgroupParent, patienceMs);
  for (const path of cachedNetworks(directory)) rmSync(path, { force: true });
  // Through a mount that stayed, the removal would reach files that are not this node's. rm(1) also removes trees that are
  // deeper than a path can be long.
  if (mountsBelow(directory).length === 0)
    await run("rm", ["-rf", "--", directory]).catch((error) => failures.push(error.stderr.trim()));
  const left = leftovers(layout);
  if (left.length > 0) {
    throw new Error(`left behind after cleaning ${directory}:\n  ${[...left, ...failures].join("\n  ")}`);
  }
}
