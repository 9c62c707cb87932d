// A node in one directory: everything that kpod and its runtimes keep, so that the machine's own store, run
// directories and cgroups are never touched. The demo uses one, and each integration test.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where Debian, and others, keep what has to be named by an absolute path in crio.conf. */
const PROGRAM_DIRECTORIES = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** Absolute path of a program, or undefined. The usual directories count also when PATH lacks them. */
export function findProgram(name, path = process.env.PATH ?? "") {
  const directories = [...path.split(":").filter((entry) => entry.startsWith("/")), ...PROGRAM_DIRECTORIES];
  return directories.map((directory) => join(directory, name)).find((file) => existsSync(file));
}

/** See layout.d.mts. */
export function nodeLayout(directory, cgroupParent) {
  const within = (name) => join(directory, name);
  return {
    directory,
    cgroupParent,
    config: within("crio.conf"),
    root: within("root"),
    runRoot: within("runroot"),
    runtimeRoots: { runc: within("runtime/runc"), crun: within("runtime/crun") },
    logDir: within("logs"),
    exitsDir: within("exits"),
    attachDir: within("attach"),
    namespacesDir: within("ns"),
    lockPath: within("crio.lock"),
    versionFile: within("version"),
    cleanShutdownFile: within("clean.shutdown"),
    socket: within("crio.sock"),
    networkDir: within("net.d"),
    storageConfig: within("storage.conf"),
    stateDir: within("state"),
  };
}

/** See layout.d.mts. */
export function worldLayout(directory, run = process.env.KPOD_TEST_RUN ?? "alone") {
  return nodeLayout(directory, `/kpod-test-${run}-${directory.slice(-6)}`);
}

function tomlValue(value) {
  // A JSON string is a TOML basic string too, and a list of them likewise.
  return JSON.stringify(value);
}

function toml(tables) {
  const blocks = Object.entries(tables).map(([table, values]) => {
    const lines = Object.entries(values).map(([key, value]) => `${key} = ${tomlValue(value)}`);
    return [`[${table}]`, ...lines, ""].join("\n");
  });
  return blocks.join("\n");
}

/** See layout.d.mts. */
export function runtimeProgram({ directory }, name) {
  const own = join(directory, "bin", name);
  return existsSync(own) ? own : findProgram(name);
}

function runtimeTable(layout, name, conmon) {
  const program = runtimeProgram(layout, name);
  if (program === undefined) return {};
  const values = { runtime_path: program, runtime_root: layout.runtimeRoots[name], monitor_path: conmon };
  return { [`crio.runtime.runtimes.${name}`]: values };
}

/** The tables of crio.conf for this layout; what is installed of runc and crun becomes a handler. */
export function crioConfig(layout, defaultRuntime, settings = {}) {
  const conmon = findProgram("conmon") ?? "/usr/bin/conmon";
  const tables = {
    crio: {
      root: layout.root,
      runroot: layout.runRoot,
      storage_driver: "overlay",
      log_dir: layout.logDir,
      lock_path: layout.lockPath,
      version_file: layout.versionFile,
      clean_shutdown_file: layout.cleanShutdownFile,
      kpod_state_dir: layout.stateDir,
      // No CRI-O will ever start here, and so none removes everything.
      internal_wipe: false,
    },
    "crio.api": { listen: layout.socket },
    "crio.runtime": {
      default_runtime: defaultRuntime,
      conmon,
      cgroup_manager: "cgroupfs",
      container_exits_dir: layout.exitsDir,
      container_attach_socket_dir: layout.attachDir,
      namespaces_dir: layout.namespacesDir,
    },
    ...runtimeTable(layout, "runc", conmon),
    ...runtimeTable(layout, "crun", conmon),
    // Without a file there, pods have no network: that of the machine is left alone.
    "crio.network": { network_dir: layout.networkDir },
    "crio.image": { pause_image: "localhost/pause:latest", pause_command: "/pause" },
  };
  for (const [table, values] of Object.entries(settings)) tables[table] = { ...tables[table], ...values };
  return toml(tables);
}

/** See layout.d.mts. */
export function makeCrunWork({ directory }) {
  const controllers = "/sys/fs/cgroup/unified/cgroup.controllers";
  const program = findProgram("crun");
  if (program === undefined || !existsSync(controllers)) return;
  if (readFileSync(controllers, "utf8").trim() === "") return;
  const inside = `umount /sys/fs/cgroup/unified && exec ${program} "$@"`;
  const script = `#!/bin/sh\nexec unshare --mount --propagation slave sh -c '${inside}' crun "$@"\n`;
  mkdirSync(join(directory, "bin"), { recursive: true });
  writeFileSync(join(directory, "bin/crun"), script, { mode: 0o755 });
}

/** See layout.d.mts. */
export function writeNodeConfig(layout, defaultRuntime, settings) {
  mkdirSync(layout.directory, { recursive: true });
  writeFileSync(layout.config, crioConfig(layout, defaultRuntime, settings));
  // skopeo, podman and containers-storage read this where an option does not say otherwise.
  const storage = { driver: "overlay", graphroot: layout.root, runroot: layout.runRoot };
  writeFileSync(layout.storageConfig, toml({ storage }));
}
