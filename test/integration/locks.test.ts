import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ContainerServer } from "../../src/lib/container-server";
import { createPodContainer } from "../../src/lib/launch/container";
import { removePod } from "../../src/lib/operations/remove";
import type { Sandbox } from "../../src/lib/sandbox/sandbox";
import { LockBudget } from "../../src/lib/storage/lock-budget";
import { storeLayout, type StoreLayout } from "../../src/lib/storage/layout";
import { acquireLock } from "../../src/lib/storage/lock-file";
import { mount, mountFlags, unmount } from "../../src/lib/system/mount";
import { failureOf } from "../helpers/failure";
import { madeBefore } from "../helpers/made-before";
import { createNode, type Node } from "../helpers/node";
import { finish, startProcess } from "../helpers/process";
import { isWaitingForLock, startLocker, type Locker } from "../helpers/record-lock";
import { until } from "../helpers/until";
import { virtualClock } from "../helpers/virtual-clock";
import { createWorld, type World } from "../helpers/world";

const patient = { timeoutMs: 40_000 };

let world: World;
let layout: StoreLayout;
let imageId: string;

beforeAll(async () => {
  world = await createWorld();
  imageId = (await world.loadImages()).busybox.id;
  layout = storeLayout(world.root, world.runRoot, "overlay");
}, 120_000);

afterAll(async () => {
  await world.destroy();
}, 120_000);

function start(program: string, args: readonly string[]): ChildProcessWithoutNullStreams {
  return startProcess(program, args, {
    env: {
      CONTAINERS_STORAGE_CONF: world.storageConfig,
      CONTAINERS_CONF: join(world.directory, "containers.conf"),
    },
  });
}

function startContainersStorage(...args: string[]): ChildProcessWithoutNullStreams {
  return start("containers-storage", [
    ...["--graph", world.root, "--run", world.runRoot, "--storage-driver", "overlay"],
    ...args,
  ]);
}

function startPodman(...args: string[]): ChildProcessWithoutNullStreams {
  return start("podman", [
    ...["--root", world.root, "--runroot", world.runRoot, "--storage-driver", "overlay"],
    ...["--tmpdir", join(world.directory, "podman"), ...args],
  ]);
}

function pidOf(child: ChildProcessWithoutNullStreams): number {
  if (child.pid === undefined) throw new Error("the program could not be started");
  return child.pid;
}

/** Holds a lock as kpod does while something happens; it is free after, also when that fails. */
async function holding(path: string, action: (release: () => void) => Promise<void>): Promise<void> {
  const held = await acquireLock(path, "write", patient);
  let free = false;
  const release = (): void => {
    if (!free) held.release();
    free = true;
  };
  try {
    await action(release);
  } finally {
    release();
  }
}

describe("while kpod holds a lock of the store, others wait", () => {
  const programs = [
    { name: "containers-storage", starting: () => startContainersStorage("create-container", imageId) },
    { name: "podman", starting: () => startPodman("create", "--pull=never", imageId) },
  ];
  const locks = ["containersLock", "layersLock"] as const;

  test.each(programs.flatMap((program) => locks.map((lock) => ({ ...program, lock }))))(
    "$name for $lock, until it is free",
    async ({ name, starting, lock }) => {
      await holding(layout[lock], async (release) => {
        const child = starting();
        const done = finish(child, name);
        await until(`${name} waits for the lock`, () => isWaitingForLock(pidOf(child)));
        expect(child.exitCode).toBeNull();
        release();
        expect((await done).exitCode).toBe(0);
      });
    },
  );
});

describe("while others hold a lock of the store, kpod waits", () => {
  test("for containers-storage in the middle of its work, which it names, and goes on after it", async () => {
    // As it reads the layers, it takes their lock, keeps it, and asks for that of the mount points.
    await holding(layout.mountsLock, async (release) => {
      const child = startContainersStorage("create-container", imageId);
      const done = finish(child, "containers-storage");
      await until("containers-storage waits for the lock", () => isWaitingForLock(pidOf(child)));
      let tell: (message: string) => void = () => {};
      const told = new Promise<string>((resolve) => (tell = resolve));
      let got = false;
      const waiting = acquireLock(layout.layersLock, "write", { ...patient, onWait: tell }).then((held) => {
        got = true;
        held.release();
      });
      expect(await told).toContain(`waiting for ${layout.layersLock}, locked by containers-storage --graph`);
      expect(await told).toContain(`(pid ${pidOf(child)})`);
      expect(got).toBe(false);
      release();
      await waiting;
      expect((await done).exitCode).toBe(0);
    });
  });
});

describe("a hung daemon that holds locks", () => {
  let node: Node;
  let pod: Sandbox;
  let ids: Record<"one" | "two" | "three", string>;
  const held: Locker[] = [];

  beforeAll(async () => {
    node = await createNode();
    pod = await node.pod("shop");
    ids = {
      one: (await node.create(pod, "one", "true")).id,
      two: (await node.start(pod, "two", "sleep 1000")).id,
      three: (await node.create(pod, "three", "true")).id,
    };
  }, 120_000);

  async function release(): Promise<void> {
    for (const locker of held.splice(0)) await locker.unlock("posix");
  }

  afterEach(release);

  afterAll(async () => {
    await node.world.destroy();
  }, 120_000);

  /** Has another process hold locks of the node's store. */
  async function hold(
    ...names: ("containersLock" | "layersLock" | "imagesLock" | "mountsLock")[]
  ): Promise<void> {
    const places = storeLayout(node.world.root, node.world.runRoot, "overlay");
    for (const name of names) {
      const locker = startLocker(places[name]);
      expect(await locker.lock("posix", "write")).toBe(true);
      held.push(locker);
    }
  }

  const looks: readonly (readonly [args: readonly string[], shown: string])[] = [
    [["ps", "-a"], "one"],
    [["inspect", "one"], "one"],
    [["pod", "ps"], "shop"],
    [["pod", "inspect", "shop"], "shop"],
    [["images"], "busybox"],
    [["info"], "overlay"],
    [["stats", "--no-stream"], "two"],
    [["logs", "two"], ""],
    [["wait", "--condition", "running", "two"], "0"],
  ];
  // Each waits its time; all at once, so that it passes once.
  const taken = madeBefore(async () => {
    await hold("containersLock", "layersLock", "imagesLock", "mountsLock");
    const pids = held.map(({ pid }) => pid);
    const results = await Promise.all(looks.map(async ([args]) => [args, await node.kpod(...args)] as const));
    await release();
    return { pids, results: new Map(results) };
  });

  test.each(looks)("hides nothing from kpod %s, which says who it is", (args, shown) => {
    const { exitCode, stdout, stderr = "" } = taken.results.get(args) ?? {};
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining(shown)]);
    expect(stderr).toMatch(/\.lock is still locked by .*\(pid \d+\) after 1 s: reading without it$/m);
    expect(taken.pids.some((pid) => stderr.includes(`(pid ${pid})`))).toBe(true);
  });

  const all = ["containersLock", "layersLock", "imagesLock", "mountsLock"] as const;
  const changes: Record<string, (server: ContainerServer) => Promise<unknown>> = {
    run: (server) =>
      createPodContainer(server, server.lookupSandbox("shop"), { name: "x", image: "busybox" }),
    rename: (server) => server.containerRename("one", "other"),
    rm: (server) => server.remove("one", false),
    "rm -f": (server) => server.remove("three", true),
    rmi: (server) => server.storageImageServer.removeImage("busybox", { force: true }),
    // The last one: its processes have ended by the time it needs a lock.
    "pod rm -f": (server) => removePod(server, server.lookupSandbox("shop"), true),
  };

  test.each(
    Object.keys(changes).flatMap((name) => [[name, ["containersLock"]] as const, [name, all] as const]),
  )("%s gives up after the time for one lock, with %j held", async (name, locks) => {
    // The images are locked for their removal alone.
    const wanted = name === "rmi" && locks.length === 1 ? (["imagesLock"] as const) : locks;
    await hold(...wanted);
    const clock = virtualClock();
    const budget = new LockBudget(2_000, clock);
    const { server } = await node.openServer({ lockBudget: budget });
    await server.update();
    const error = await failureOf(changes[name]?.(server) ?? Promise.resolve());
    expect(error.code).toBe("LOCK_TIMEOUT");
    expect(clock.waited).toBe(2_000);
    await release();
    // Nothing is lost, and the next one can go on.
    const again = (await node.openServer()).server;
    await again.updateRecords();
    expect(
      again
        .listContainers()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(Object.values(ids).sort());
    expect((await again.store.images()).length).toBe(2);
  });

  test("servers of one command share its time", async () => {
    await hold("containersLock");
    const clock = virtualClock();
    const lockBudget = new LockBudget(2_000, clock);
    for (let count = 0; count < 3; count++) {
      const { server } = await node.openServer({ lockBudget });
      await server.updateRecords();
      expect(server.listContainers()).toHaveLength(3);
    }
    expect(clock.waited).toBe(2_000);
  });
});

describe("on a file system that cannot be written", () => {
  let target: string;

  beforeAll(() => {
    target = join(world.scratch, "read-only");
    mkdirSync(target);
    mount({ source: "kpod-test", target, type: "tmpfs" });
    writeFileSync(join(target, "containers.lock"), "z".repeat(64));
    mount({ source: "none", target, flags: mountFlags.remount | mountFlags.readonly });
  });

  afterAll(() => {
    unmount(target);
  });

  test("a lock for reading can be taken and is kept", async () => {
    const path = join(target, "containers.lock");
    const held = await acquireLock(path, "read", patient);
    expect(readFileSync("/proc/locks", "utf8")).toMatch(/OFDLCK\s+ADVISORY\s+READ/);
    held.release();
    (await acquireLock(join(target, "layers.lock"), "read", patient)).release();
  });

  test("a lock for writing is refused with the cause", async () => {
    const path = join(target, "containers.lock");
    await expect(acquireLock(path, "write", patient)).rejects.toMatchObject({
      code: "IO",
      message: `cannot open the lock file ${path}: read-only file system`,
    });
  });
});
