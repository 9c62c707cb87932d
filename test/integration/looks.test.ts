import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { mount, mountFlags, unmount } from "../../src/lib/system/mount";
import type { Container } from "../../src/lib/oci/container";
import { KPOD, kpodCommand } from "../helpers/kpod";
import { fileVersion, pathsBelow } from "../helpers/listing";
import { useNode, usePod } from "../helpers/node";
import { runProcess, succeeded } from "../helpers/process";

const repository = join(__dirname, "../..");

const node = useNode();
const pod = usePod(node, "shop");
let running: Container;
let caches: string;

beforeAll(async () => {
  running = await node.start(pod, "running", "echo said; sleep 1000");
  await node.start(pod, "ended", "exit 3");
  await node.ok("wait", "ended");
  await node.create(pod, "created", "true");
  // Begun and broken off: what a change would take up.
  mkdirSync(join(node.world.root, "kpod"));
  writeFileSync(join(node.world.root, "kpod", `rename-${running.id}-0123456789ab.json`), "{}");
  caches = join(node.world.scratch, "caches");
  mkdirSync(caches);
}, 120_000);

const looks: Record<string, readonly string[]> = {
  ps: ["ps", "-a"],
  "ps with all there is": ["ps", "-a", "--size", "--ns", "--format", "json"],
  inspect: ["inspect", "--size", "running"],
  "inspect of one that has ended": ["inspect", "ended"],
  "inspect of an image": ["inspect", "--type", "image", "busybox"],
  logs: ["logs", "running"],
  stats: ["stats", "--no-stream"],
  wait: ["wait", "ended"],
  "pod ps": ["pod", "ps"],
  "pod inspect": ["pod", "inspect", "shop"],
  images: ["images"],
  info: ["info"],
  "system df": ["system", "df"],
  config: ["config"],
  help: ["help", "ps"],
  version: ["version"],
  completion: ["completion", "bash"],
  "a shell's question": ["__complete", "rm", ""],
};

/** Everything that a look could change, a line each: with what stands in each file. */
function all(): string[] {
  const { root, runRoot, exitsDir, attachDir, logDir, namespacesDir, runtimeRoots, directory } = node.world;
  const places = [root, runRoot, exitsDir, attachDir, logDir, namespacesDir, ...Object.values(runtimeRoots)];
  const files = [...places, join(repository, "dist"), join(repository, "bin")]
    .filter((place) => existsSync(place))
    .flatMap((place) => ["", ...pathsBelow(place)].map((name) => join(place, name)))
    // A file system in a container is its processes' own, and what proc and its like hold is the kernel's.
    .filter((path) => !path.includes("/merged/") && !path.includes("/shm/"));
  const others = pathsBelow(directory).filter((name) => !name.startsWith("scratch/"));
  return [...files, ...others].map((path) =>
    path.startsWith("/") ? `${path} ${fileVersion(path)} ${contentOf(path)}` : path,
  );
}

function contentOf(path: string): string {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return readlinkSync(path);
  // What pins a namespace seems to be a file, and cannot be read.
  if (path.startsWith(node.world.namespacesDir)) return "";
  return stat.isFile() ? createHash("sha256").update(readFileSync(path)).digest("hex") : "";
}

/** The calls of a trace that could make, change or remove something, and their paths. */
function writes(trace: string): string[] {
  const calls = trace.split("\n").filter((line) => !line.includes(" = -1 ") || line.includes("EROFS"));
  return calls.filter((line) => {
    const call = /^(\w+)\((.*)$/.exec(line);
    if (call === null) return false;
    const [, name = "", rest = ""] = call;
    if (rest.includes(caches)) return false;
    // So programs written in Go stop their own threads.
    if (name === "tgkill" && rest.includes("SIGURG")) return false;
    // crun runs from a copy of itself that goes before it begins, here in mounts of its own.
    if (/"\/tmp\/crun\.\w+"/.test(rest) || /MS_REC\|MS_SLAVE|"\/sys\/fs\/cgroup\/unified"/.test(rest))
      return false;
    if (name.startsWith("open")) {
      return /O_WRONLY|O_RDWR|O_CREAT|O_TRUNC/.test(rest) && !/"\/dev\/(null|tty|pts\/\d+)"/.test(rest);
    }
    return true;
  });
}

const changing = [
  ...["open", "openat", "openat2", "creat", "mkdir", "mkdirat", "rename", "renameat", "renameat2", "link"],
  ...["linkat", "symlink", "symlinkat", "unlink", "unlinkat", "rmdir", "truncate", "ftruncate", "chmod"],
  ...[
    "fchmod",
    "fchmodat",
    "chown",
    "fchown",
    "fchownat",
    "lchown",
    "utimensat",
    "mknod",
    "mknodat",
    "mount",
  ],
  ...["umount2", "setxattr", "fsetxattr", "lsetxattr", "kill", "tgkill"],
];

/** Runs kpod. @returns what it and all that it started changed, call by call */
async function writesOf(name: string, words: readonly string[]): Promise<string[]> {
  // A file for each process: in one for all, calls would stand cut in two.
  const traces = mkdtempSync(join(caches, "trace-"));
  const env = { XDG_CACHE_HOME: caches, CONTAINER_CONFIG: node.world.config };
  const strace = [
    `--trace=?${changing.join(",?")}`,
    "--string-limit=4096",
    "--follow-forks",
    "--output-separately",
    `--output=${join(traces, "of")}`,
  ];
  const result = await runProcess("strace", [...strace, ...kpodCommand, ...words], { env });
  expect([name, result.exitCode, result.stderr]).toEqual([name, 0, ""]);
  return writes(
    readdirSync(traces)
      .flatMap((file) => readFileSync(join(traces, file), "utf8"))
      .join("\n"),
  );
}

test.each(Object.keys(looks))("%s changes nothing", async (name) => {
  const args = ["--config", node.world.config, ...(looks[name] ?? [])];
  const before = all();
  expect(await writesOf(name, name === "a shell's question" ? args.slice(2) : args)).toEqual([]);
  expect(all()).toEqual(before);
});

test.each(Object.keys(looks))("%s works where nothing can be written", async (name) => {
  const { directory, config } = node.world;
  const copy = join(caches, "copy");
  mkdirSync(copy, { recursive: true });
  mount({ source: directory, target: copy, flags: mountFlags.bind | mountFlags.recursive });
  try {
    mount({
      source: "none",
      target: copy,
      flags: mountFlags.remount | mountFlags.bind | mountFlags.readonly,
    });
    const places = ["--root", join(copy, "root"), "--runroot", join(copy, "runroot")];
    const words = looks[name] ?? [];
    const line =
      name === "a shell's question"
        ? [...places, "-c", config, ...words]
        : ["--config", config, ...places, ...words];
    const result = await runProcess(KPOD, line, { env: { XDG_CACHE_HOME: join(copy, "scratch") } });
    expect([name, result.exitCode, result.stderr]).toEqual([name, 0, ""]);
  } finally {
    unmount(copy);
  }
});

test("a change takes up what looks have left", async () => {
  succeeded(await node.kpod("kill", "--signal", "USR1", "running"), "kpod kill");
  expect(existsSync(join(node.world.root, "kpod"))).toBe(false);
});

test("what a change does is seen", async () => {
  // The first change also takes up the rename that had broken off, and says so.
  expect(await node.kpod("pause", "running")).toMatchObject({ exitCode: 0 });
  const args = ["--config", node.world.config, "unpause", "running"];
  expect(await writesOf("unpause", args)).not.toEqual([]);
});
