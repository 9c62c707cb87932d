// The nodes that are measured, built of real containers.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "../../scripts/bootstrap.mjs";
import { makeBusyboxImage, makePauseImage } from "../../scripts/lib/image.mjs";
import { writeNodeConfig } from "../../scripts/lib/layout.mjs";
import { ScriptError, leanEnvironment, runProgram } from "../../scripts/lib/run.mjs";
import { sweep } from "../../scripts/lib/sweep.mjs";
import { BENCH_DIRECTORY, benchLayout } from "./bench-layout.mjs";
import { addStopped } from "./stopped.mjs";

const KPOD = join(REPOSITORY, "bin/kpod");
/** How kpod is called by each engine. */
const CALLS = {
  node: { program: process.execPath, args: ["--", KPOD] },
  executable: { program: join(REPOSITORY, "build/kpod"), args: [] },
};
const CONTAINERS_OF_A_POD = 5;
/** Written when a world is whole: one that was broken off is built anew. */
const MARK = "built";

async function run(program, args) {
  const { code, output } = await runProgram(program, args, { env: leanEnvironment() });
  if (code !== 0) throw new ScriptError(`${program} ${args.join(" ")} failed:\n${output.trimEnd()}`);
  return output.trim();
}

/** Does things `lanes` at a time. */
async function inLanes(count, lanes, action) {
  let next = 0;
  const lane = async () => {
    while (next < count) await action(next++);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

function images() {
  const directory = join(BENCH_DIRECTORY, "images");
  return {
    busybox: makeBusyboxImage(join(directory, "busybox")),
    pause: makePauseImage(join(directory, "pause")),
  };
}

/** Builds the world where it is not there, with tables over its crio.conf; gives back its layout, and what makes commands of its kpod. */
export async function kpodWorld(name, { running, stopped, settings }) {
  const layout = benchLayout(name);
  const words = ["--config", layout.config];
  const world = {
    layout,
    // As on a node, where kpod finds its configuration by itself.
    command: (engine, ...args) => ({
      program: CALLS[engine].program,
      args: [...CALLS[engine].args, ...args],
      environment: { CONTAINER_CONFIG: layout.config },
    }),
  };
  if (existsSync(join(layout.directory, MARK))) return world;
  const { busybox, pause } = images();
  writeNodeConfig(layout, "runc", settings);
  const kpod = (...args) => run(KPOD, [...words, ...args]);
  await kpod("load", busybox.ociArchive);
  await kpod("load", pause.ociArchive);
  const pods = Math.max(1, Math.ceil(running / CONTAINERS_OF_A_POD));
  await inLanes(pods, 2, async (pod) => {
    await kpod(
      "pod",
      "run",
      "--name",
      `web-${pod}`,
      "--label",
      "app=web",
      "--cgroup-parent",
      layout.cgroupParent,
    );
  });
  await inLanes(running, 2, async (number) => {
    const pod = `web-${number % pods}`;
    await kpod("run", "-d", "--pod", pod, "--name", `app-${number}`, busybox.name, "sleep", "1000000");
  });
  if (stopped > 0) {
    const id = await kpod("run", "-d", "--pod", "web-0", "--name", "job", busybox.name, "sh", "-c", "exit 3");
    // Notes the end in its state.json, as CRI-O does when it sees a container end.
    await kpod("stop", id);
    addStopped(layout, id, stopped - 1);
  }
  writeFileSync(join(layout.directory, MARK), "");
  return world;
}

function podmanWords(name) {
  const within = (part) => join(BENCH_DIRECTORY, name, part);
  return [
    ...["--root", within("root"), "--runroot", within("runroot"), "--storage-driver", "overlay"],
    ...["--tmpdir", within("tmp"), "--network-config-dir", within("cni"), "--cgroup-manager", "cgroupfs"],
    ...["--events-backend", "none", "--runtime", "runc"],
  ];
}

/** The same for podman, with containers of its own. */
export async function podmanWorld(name, { running, stopped }) {
  const directory = join(BENCH_DIRECTORY, name);
  const words = podmanWords(name);
  const world = { command: (...args) => ({ program: "podman", args: [...words, ...args] }) };
  if (existsSync(join(directory, MARK))) return world;
  mkdirSync(directory, { recursive: true });
  const { busybox } = images();
  const podman = (...args) => run("podman", [...words, ...args]);
  await podman("load", "-i", busybox.dockerArchive);
  // Its own limits are above what some machines allow.
  const limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"];
  const common = ["--network", "none", ...limits, `--cgroup-parent=/kpod-bench-${name}`];
  await inLanes(running, 2, (number) =>
    podman("run", "-d", ...common, "--name", `app-${number}`, busybox.name, "sleep", "1000000"),
  );
  await inLanes(stopped, 2, (number) =>
    podman("create", ...common, "--name", `job-${number}`, busybox.name, "sh", "-c", "exit 3"),
  );
  writeFileSync(join(directory, MARK), "");
  return world;
}

/** Removes a world of podman's: containers first, then what they ran in. */
export async function removePodmanWorld(name) {
  await run("podman", [...podmanWords(name), "rm", "--all", "--force", "--time", "0"]);
  // Mounts and cgroups that podman itself leaves lie where those of a world of ours do.
  await sweep(benchLayout(name));
}
