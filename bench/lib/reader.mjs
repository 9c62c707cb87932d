// Reads the files of a node's containers that a command of kpod has to read, and makes nothing of them: what the command
// cannot be faster than. Arguments: the root of the store, the root of runc, what is read, and the directory of a layer.
import { closeSync, existsSync, openSync, readFileSync, readSync, readdirSync } from "node:fs";

const [root, runtimeRoot, what, layer] = process.argv.slice(2);
const buffer = Buffer.allocUnsafe(65536);
/** By the controllers of a line of /proc/PID/cgroup; the use of processors is read twice. */
const counters = existsSync("/sys/fs/cgroup/cgroup.controllers")
  ? { "": ["cpu.stat", "cpu.stat", "memory.current", "memory.stat", "pids.current"] }
  : {
      cpuacct: ["cpuacct.usage", "cpuacct.usage"],
      memory: ["memory.usage_in_bytes", "memory.stat"],
      pids: ["pids.current"],
    };

function read(path) {
  const fd = openSync(path, "r");
  const length = readSync(fd, buffer, 0, buffer.length, 0);
  closeSync(fd);
  return buffer.toString("utf8", 0, length);
}

function readCounters(pid) {
  for (const line of read(`/proc/${pid}/cgroup`).trim().split("\n")) {
    const [, controllers, path] = line.split(/:([^:]*):/);
    for (const controller of controllers.split(","))
      for (const file of counters[controller] ?? []) read(`/sys/fs/cgroup/${controllers}${path}/${file}`);
  }
}

function readTree(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true }))
    if (entry.isDirectory()) readTree(`${directory}/${entry.name}`);
}

const records = JSON.parse(readFileSync(`${root}/overlay-containers/containers.json`, "utf8"));
const containers = records.filter(({ names }) => !names[0].startsWith("k8s_POD_"));
if (what === "diff") readTree(layer);
else readdirSync(runtimeRoot);
for (const { id } of ["records", "diff"].includes(what) ? [] : containers) {
  const userdata = `${root}/overlay-containers/${id}/userdata`;
  const running = !read(`${userdata}/state.json`).includes('"status":"stopped"');
  if (what === "ps -a" || (what === "ps" && running)) read(`${userdata}/config.json`);
  if (!running) continue;
  const [, pid] = /"init_process_pid":(\d+)/.exec(read(`${runtimeRoot}/${id}/state.json`));
  read(`/proc/${pid}/stat`);
  if (what === "stats") readCounters(pid);
}
process.exit(0);
