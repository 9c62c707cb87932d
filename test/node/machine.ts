// What the tests in the virtual machine work with. It lives for one run alone, so they use the node's own places.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export type CgroupManager = "cgroupfs" | "systemd";
export type RuntimeName = "runc" | "crun";

/** What a program left behind when it ended. */
export interface Result {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Milliseconds after which a program is given up: an emulated processor is slow, but none of them waits. */
const timeLimit = 240_000;

export function runProgram(program: string, ...args: string[]): Result {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: "utf8",
    timeout: timeLimit,
  });
  if (error !== undefined) throw error;
  return { exitCode: status, stdout, stderr };
}

export function kpod(...args: string[]): Result {
  return runProgram("kpod", ...args);
}

/** Runs kpod, which must succeed without a word on stderr. @returns what it printed, without the last line feed */
export function ok(...args: string[]): string {
  const { exitCode, stdout, stderr } = kpod(...args);
  expect({ args, exitCode, stderr }).toEqual({ args, exitCode: 0, stderr: "" });
  return stdout.trimEnd();
}

export const pidsLimit = 200;

/** What differs from the usual configuration. */
export interface Settings {
  /** The CRI-O that the node has, as its version file tells. */
  readonly version?: string;
  readonly selinux?: boolean;
  /** The program of infra containers, in the image busybox; without it the pause program. */
  readonly pauseCommand?: string;
}

/** Writes the node's crio.conf. */
export function configure(
  manager: CgroupManager,
  runtime: RuntimeName,
  { version = "1.36.3", selinux = false, pauseCommand }: Settings = {},
): void {
  const lines = [
    "[crio]",
    'root = "/kpod-test/store"',
    "[crio.runtime]",
    `cgroup_manager = "${manager}"`,
    `default_runtime = "${runtime}"`,
    `pids_limit = ${pidsLimit}`,
    `selinux = ${selinux}`,
    ...["runc", "crun"].flatMap((name) => [
      `[crio.runtime.runtimes.${name}]`,
      `runtime_path = "/usr/bin/${name}"`,
      `runtime_root = "/run/${name}"`,
    ]),
    "[crio.image]",
    ...(pauseCommand === undefined
      ? ['pause_image = "localhost/pause:latest"']
      : ['pause_image = "localhost/busybox:latest"', `pause_command = "${pauseCommand}"`]),
  ];
  mkdirSync("/etc/crio", { recursive: true });
  writeFileSync("/etc/crio/crio.conf", `${lines.join("\n")}\n`);
  mkdirSync("/var/run/crio", { recursive: true });
  writeFileSync("/var/run/crio/version", JSON.stringify(version));
}

/** Where the cgroups of a pod "shop" and its containers are. */
export interface ShopCgroups {
  /** As `--cgroup-parent` has it. */
  readonly parent: string;
  /** That of the pod, below the hierarchy's root. */
  readonly parentPath: string;
  /** That of a container. */
  readonly pathOf: (id: string) => string;
}

export function shopCgroups(manager: CgroupManager): ShopCgroups {
  const systemd = manager === "systemd";
  const parent = systemd ? "kpod-shop.slice" : "/kpod/shop";
  const parentPath = systemd ? "/kpod.slice/kpod-shop.slice" : parent;
  return { parent, parentPath, pathOf: (id) => `${parentPath}/crio-${id}${systemd ? ".scope" : ""}` };
}

/** The cgroup of a process as the kernel has it. */
export function cgroupOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cgroup`, "utf8").trim().slice("0::".length);
}

export function cgroupFile(cgroup: string, name: string): string {
  return readFileSync(join("/sys/fs/cgroup", cgroup, name), "utf8").trim();
}

export function writeCgroupFile(cgroup: string, name: string, value: number): void {
  writeFileSync(join("/sys/fs/cgroup", cgroup, name), String(value));
}

/** A number of a file of lines `key value`. */
export function cgroupNumber(cgroup: string, file: string, key: string): number {
  return Number(new RegExp(`^${key} (\\d+)$`, "m").exec(cgroupFile(cgroup, file))?.[1]);
}

/** The units of containers and conmons that systemd has, ended and failed ones too. */
export function crioUnits(): string[] {
  const options = ["--all", "--plain", "--no-legend", "--full"];
  const { stdout } = runProgram("systemctl", "list-units", ...options, "crio-*");
  return stdout
    .split("\n")
    .map((line) => line.trim().split(/\s+/)[0] ?? "")
    .filter((name) => name !== "")
    .sort();
}

/** Everything of containers and pods that there is on the machine, a line each. */
export function traces(): string[] {
  const places = ["/run/runc", "/run/crun", "/kpod-test/store/overlay-containers"];
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return [
    ...crioUnits().map((unit) => `unit ${unit}`),
    ...cgroupsNamed(/^crio-/).map((path) => `cgroup ${path}`),
    ...places.flatMap((place) =>
      namesIn(place)
        .filter((name) => /^[0-9a-f]{64}$/.test(name))
        .map((name) => join(place, name)),
    ),
    ...mounts
      .map((line) => line.split(" ")[4] ?? "")
      .filter((path) => /\/merged$|\/userdata\/|\/(ipc|uts|net)ns\//.test(path))
      .map((path) => `mount ${path}`),
    ...namesIn("/proc")
      .filter((pid) => /^\d+$/.test(pid) && commandOf(pid) === "conmon")
      .map((pid) => `conmon ${pid}`),
  ];
}

function namesIn(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

function cgroupsNamed(pattern: RegExp, directory = "/sys/fs/cgroup"): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => [
      ...(pattern.test(name) ? [join(directory, name)] : []),
      ...cgroupsNamed(pattern, join(directory, name)),
    ]);
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    // It has ended meanwhile.
    return "";
  }
}

/** The pid of a container's conmon. */
export function monitorOf(id: string): number {
  const path = `/var/run/containers/storage/overlay-containers/${id}/userdata/conmon-pidfile`;
  return Number(readFileSync(path, "utf8"));
}

/** Looks again and again, until it is so or the time is up. @returns whether it is */
export async function inTime(isSo: () => boolean): Promise<boolean> {
  const end = Date.now() + 60_000;
  while (!isSo()) {
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return true;
}
