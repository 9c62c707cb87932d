import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defaultConfig, type Config } from "../../../src/lib/config/index";
import {
  fileStateLock,
  memoryStateLock,
  storeStateLock,
  type StateLock,
} from "../../../src/lib/storage/kpod-lock";
import { failureOf } from "../../helpers/failure";
import { startLocker } from "../../helpers/record-lock";
import { testdir } from "../../helpers/testdir";

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

describe("the lock of a store", () => {
  /** A configuration with a run directory of its own that is not there yet; its crio.conf sets what is given. */
  function configOf(directory: string, lines: readonly string[] = []): Config {
    const config = defaultConfig();
    config.runRoot = join(directory, "run/storage");
    config.lockPath = join(directory, "crio.lock");
    writeFileSync(join(directory, "crio.conf"), ["[crio]", ...lines, ""].join("\n"));
    config.updateFromFile(join(directory, "crio.conf"));
    return config;
  }

  /** Two changes that end only when both are under way. */
  async function together(one: StateLock, other: StateLock): Promise<string[]> {
    let meet: () => void = () => {};
    const met = new Promise<void>((resolve) => (meet = resolve));
    const first = one(() => met.then(() => "one"));
    const second = other(() => {
      meet();
      return Promise.resolve("other");
    });
    return Promise.all([first, second]);
  }

  test("lies in its run directory, which it makes as containers/storage does", async () => {
    const directory = testdir();
    await storeStateLock(configOf(directory), patient)(() => Promise.resolve());
    expect(existsSync(join(directory, "run/storage/kpod.lock"))).toBe(true);
    expect(statSync(join(directory, "run/storage")).mode & 0o777).toBe(0o700);
    expect(existsSync(join(directory, "crio.lock"))).toBe(false);
  });

  test("keeps changes of one store apart, and does not make two stores wait for each other", async () => {
    const directory = testdir();
    const config = configOf(directory);
    expect(await crowd([storeStateLock(config, patient), storeStateLock(config, patient)])).toEqual({
      most: 1,
      results: outcome,
    });
    // The same lock file of a node, as long as nobody configured it.
    const second = configOf(testdir());
    second.lockPath = config.lockPath;
    const locks = [
      storeStateLock(config, { timeoutMs: 1_000 }),
      storeStateLock(second, { timeoutMs: 1_000 }),
    ];
    expect(await together(locks[0] ?? memoryStateLock(), locks[1] ?? memoryStateLock())).toEqual([
      "one",
      "other",
    ]);
  });

  test.each([
    ["lock_path", (path: string) => [`lock_path = "${path}"`]],
    ["its name in CRI-O up to 1.15", (path: string) => [`file_locking_path = "${path}"`]],
    ["file_locking", () => ["file_locking = true"]],
  ])("takes the file of CRI-O 1.0 as well where that is configured: %s", async (_, lines) => {
    const directory = testdir();
    const path = join(directory, "crio.lock");
    const config = configOf(directory, lines(path));
    const [ofNode, ofStore] = [startLocker(path), startLocker(join(directory, "run/storage/kpod.lock"))];
    const lock = storeStateLock(config, { timeoutMs: 40 });
    await lock(async () => {
      expect(await ofNode.lock("posix", "write")).toBe(false);
      expect(await ofStore.lock("posix", "write")).toBe(false);
    });
    for (const locker of [ofNode, ofStore]) {
      expect(await locker.lock("posix", "write")).toBe(true);
      const error = await failureOf(lock(() => Promise.resolve()));
      expect([error.code, error.message]).toEqual([
        "LOCK_TIMEOUT",
        expect.stringContaining(`(pid ${locker.pid})`) as string,
      ]);
      await locker.unlock("posix");
    }
    expect(await lock(() => Promise.resolve(5))).toBe(5);
  });

  test("is none where file_locking says so", async () => {
    const directory = testdir();
    await storeStateLock(configOf(directory, ["file_locking = false"]), patient)(() => Promise.resolve());
    expect(existsSync(join(directory, "run"))).toBe(false);
  });
});
