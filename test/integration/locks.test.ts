import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { storeLayout, type StoreLayout } from "../../src/lib/storage/layout";
import { acquireLock } from "../../src/lib/storage/lock-file";
import { mount, mountFlags, unmount } from "../../src/lib/system/mount";
import { finish, startProcess } from "../helpers/process";
import { isWaitingForLock } from "../helpers/record-lock";
import { until } from "../helpers/until";
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
}, 60_000);

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
