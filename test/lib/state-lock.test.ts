import { join } from "node:path";
import { fileStateLock, memoryStateLock, type StateLock } from "../../src/lib/state-lock";
import { failureOf } from "../helpers/failure";
import { startLocker } from "../helpers/record-lock";
import { testdir } from "../helpers/testdir";

const patient = { timeoutMs: 40_000 };

const soon = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** Runs several actions under a lock; gives how many were inside at most, and what became of each. */
async function crowd(locks: readonly StateLock[]): Promise<{ most: number; results: unknown[] }> {
  let inside = 0;
  let most = 0;
  const results = await Promise.allSettled(
    Array.from({ length: 12 }, (_, number) =>
      (locks[number % locks.length] ?? memoryStateLock())(async () => {
        most = Math.max(most, ++inside);
        await soon();
        inside--;
        if (number % 3 === 0) throw new Error(String(number));
        return number;
      }),
    ),
  );
  return {
    most,
    results: results.map((result) => (result.status === "fulfilled" ? result.value : "failed")),
  };
}

const outcome = ["failed", 1, 2, "failed", 4, 5, "failed", 7, 8, "failed", 10, 11];

test("in memory, actions come one at a time, also after one that failed", async () => {
  expect(await crowd([memoryStateLock()])).toEqual({ most: 1, results: outcome });
});

test("by a file, actions of one process come one at a time, and so do those of several", async () => {
  const path = join(testdir(), "crio.lock");
  expect(await crowd([fileStateLock(path, patient)])).toEqual({ most: 1, results: outcome });
  const locks = [fileStateLock(path, patient), fileStateLock(path, patient)];
  expect(await crowd(locks)).toEqual({ most: 1, results: outcome });
});

test("by a file, other processes are kept out while an action runs, and only then", async () => {
  const path = join(testdir({ "crio.lock": "" }), "crio.lock");
  const locker = startLocker(path);
  const lock = fileStateLock(path, { timeoutMs: 40 });
  await lock(async () => {
    expect(await locker.lock("posix", "write")).toBe(false);
  });
  await expect(lock(() => Promise.reject(new Error("mine")))).rejects.toThrow("mine");
  expect(await locker.lock("posix", "write")).toBe(true);
  let ran = false;
  const error = await failureOf(
    lock(async () => {
      await soon();
      ran = true;
    }),
  );
  expect([error.code, ran]).toEqual(["LOCK_TIMEOUT", false]);
  expect(error.message).toContain(`(pid ${locker.pid})`);
  await locker.unlock("posix");
  expect(await lock(() => Promise.resolve(5))).toBe(5);
});

test("waiting for one's own turn does not count against the time limit", async () => {
  const lock = fileStateLock(join(testdir(), "crio.lock"), { timeoutMs: 20 });
  const slow = lock(() => new Promise((resolve) => setTimeout(resolve, 100, "slow")));
  expect(await Promise.all([slow, lock(() => Promise.resolve("next"))])).toEqual(["slow", "next"]);
});
