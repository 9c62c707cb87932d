import { join } from "node:path";
import { LockBudget } from "../../../src/lib/storage/lock-budget";
import { acquireLock } from "../../../src/lib/storage/lock-file";
import { Store } from "../../../src/lib/storage/store";
import { collectingLogger } from "../../helpers/collecting-logger";
import { failureOf } from "../../helpers/failure";
import { startLocker } from "../../helpers/record-lock";
import { testdir } from "../../helpers/testdir";
import { virtualClock } from "../../helpers/virtual-clock";

const root = testdir({
  "overlay-containers/containers.json": "[]",
  "overlay-containers/containers.lock": "",
  "overlay-layers/layers.json": "[]",
  "overlay-layers/layers.lock": "",
  "overlay-images/images.lock": "",
});
const containersLock = join(root, "overlay-containers/containers.lock");
const layersLock = join(root, "overlay-layers/layers.lock");
const imagesLock = join(root, "overlay-images/images.lock");
const containers = startLocker(containersLock);
const layers = startLocker(layersLock);

beforeAll(async () => {
  for (const locker of [containers, layers]) expect(await locker.lock("posix", "write")).toBe(true);
});

const config = { root, runRoot: join(root, "run"), storage: "overlay", storageOptions: [] };

test("several locks share it, one after the other", async () => {
  const clock = virtualClock();
  const budget = new LockBudget(2_000, clock);
  const messages: string[] = [];
  for (const path of [containersLock, layersLock, containersLock]) {
    const error = await failureOf(acquireLock(path, "read", { timeoutMs: 0, budget }));
    expect(error.code).toBe("LOCK_TIMEOUT");
    messages.push(error.message);
  }
  expect(clock.waited).toBe(2_000);
  expect([budget.spentMs, budget.leftMs]).toEqual([2_000, 0]);
  expect(messages[1]).toContain(`${layersLock} is still locked by ${process.execPath}`);
  expect(messages[1]).toContain(`(pid ${layers.pid}) after 2 s`);
  // What nobody holds is still to be had.
  (await acquireLock(imagesLock, "read", { timeoutMs: 0, budget })).release();
});

test("waits at the same time count once", async () => {
  const clock = virtualClock();
  const budget = new LockBudget(2_000, clock);
  const waits = [containersLock, layersLock, layersLock].map((path) =>
    failureOf(acquireLock(path, "read", { timeoutMs: 0, budget })),
  );
  expect((await Promise.all(waits)).map(({ code }) => code)).toEqual(Array(3).fill("LOCK_TIMEOUT"));
  expect(budget.spentMs).toBeGreaterThanOrEqual(2_000);
  expect(budget.spentMs).toBe(clock.waited);
});

test("only waits count, and 0 is for ever", async () => {
  let time = 0;
  const clock = { now: () => (time += 1_000_000), sleep: () => Promise.reject(new Error("nobody waits")) };
  const budget = new LockBudget(1, clock);
  (await acquireLock(imagesLock, "read", { timeoutMs: 0, budget })).release();
  expect(budget.spentMs).toBe(0);
  expect(new LockBudget(0).leftMs).toBe(Infinity);
});

test("a look waits for its time, reads without the locks, and says once of each whose it is", async () => {
  const clock = virtualClock();
  const logger = collectingLogger();
  const store = new Store(config, { logger, lockBudget: new LockBudget(1_000, clock) });
  expect([await store.containers(), await store.layers(), await store.containers()]).toEqual([[], [], []]);
  expect(clock.waited).toBe(1_000);
  const said = (path: string, pid: number): unknown =>
    expect.stringMatching(
      new RegExp(`^${path} is still locked by .*pid ${pid}\\) after 1 s: reading without it$`),
    );
  expect(logger.warnings).toEqual([
    expect.stringContaining(`waiting for ${containersLock}, locked by `) as unknown,
    said(containersLock, containers.pid),
    said(layersLock, layers.pid),
  ]);
});

test("a rollback has a time of its own, also when the work has used up what it had", async () => {
  const clock = virtualClock();
  const budget = new LockBudget(2_000, clock);
  const store = new Store(config, { lockBudget: budget });
  const touch = (): Promise<void> => store.locks.during([[containersLock, "write"]], () => {});
  expect((await failureOf(touch())).code).toBe("LOCK_TIMEOUT");
  expect(clock.waited).toBe(2_000);
  // It has an end as well.
  expect((await failureOf(store.uninterrupted(touch))).code).toBe("LOCK_TIMEOUT");
  expect(clock.waited).toBe(12_000);
  // The holder gives it back in the middle of that time.
  const freed = virtualClock(async (waited) => {
    if (waited > 5_000) await containers.unlock("posix");
  });
  const later = new Store(config, { lockBudget: new LockBudget(2_000, freed) });
  await later.uninterrupted(() => later.locks.during([[containersLock, "write"]], () => {}));
  expect(freed.waited).toBeGreaterThan(5_000);
  expect(await containers.lock("posix", "write")).toBe(true);
});
