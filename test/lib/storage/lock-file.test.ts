import { closeSync, existsSync, openSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { acquireLock, readLastWriterId, type LockKind } from "../../../src/lib/storage/lock-file";
import { failureOf } from "../../helpers/failure";
import { startLocker, type Locker, type LockStyle } from "../../helpers/record-lock";
import { testdir } from "../../helpers/testdir";

const kinds: readonly LockKind[] = ["read", "write"];
const styles: readonly LockStyle[] = ["posix", "ofd"];
const pairs = styles.flatMap((style) =>
  kinds.flatMap((ours) => kinds.map((theirs) => ({ style, ours, theirs }))),
);

/** Soon over, where a test means to fail. */
const brief = { timeoutMs: 30 };
/** Long enough never to be reached. */
const patient = { timeoutMs: 40_000 };

let path: string;
let locker: Locker;

beforeAll(() => {
  path = join(testdir({ "containers.lock": "" }), "containers.lock");
  locker = startLocker(path);
});

function openFiles(): number {
  return readdirSync("/proc/self/fd").length;
}

async function timesOut(promise: Promise<unknown>): Promise<boolean> {
  return (await failureOf(promise)).code === "LOCK_TIMEOUT";
}

describe("against another process", () => {
  test.each(pairs)("a $style $theirs lock is kept out by our $ours lock, and let in after", async (pair) => {
    const held = await acquireLock(path, pair.ours, patient);
    const shared = pair.ours === "read" && pair.theirs === "read";
    expect(await locker.lock(pair.style, pair.theirs)).toBe(shared);
    held.release();
    expect(await locker.lock(pair.style, pair.theirs)).toBe(true);
    await locker.unlock(pair.style);
  });

  test.each(pairs)("a $style $theirs lock keeps our $ours lock out, and lets it in after", async (pair) => {
    expect(await locker.lock(pair.style, pair.theirs)).toBe(true);
    const shared = pair.ours === "read" && pair.theirs === "read";
    if (!shared) expect(await timesOut(acquireLock(path, pair.ours, brief))).toBe(true);
    else (await acquireLock(path, pair.ours, brief)).release();
    await locker.unlock(pair.style);
    (await acquireLock(path, pair.ours, brief)).release();
  });

  test("closing another descriptor of the file in this process does not lose the lock", async () => {
    const held = await acquireLock(path, "write", patient);
    closeSync(openSync(path, "r+"));
    readFileSync(path);
    readLastWriterId(path);
    expect(await locker.lock("posix", "read")).toBe(false);
    held.release();
  });
});

describe("within this process", () => {
  test("two readers share, a writer waits for both", async () => {
    const first = await acquireLock(path, "read", patient);
    const second = await acquireLock(path, "read", patient);
    expect(await timesOut(acquireLock(path, "write", brief))).toBe(true);
    first.release();
    expect(await timesOut(acquireLock(path, "write", brief))).toBe(true);
    second.release();
    (await acquireLock(path, "write", brief)).release();
  });

  test("waiters come in one at a time", async () => {
    let inside = 0;
    const most: number[] = [];
    const turn = async (): Promise<void> => {
      const held = await acquireLock(path, "write", patient);
      most.push(++inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
      held.release();
    };
    await Promise.all(Array.from({ length: 8 }, turn));
    expect(most).toEqual(Array.from({ length: 8 }, () => 1));
  });
});

describe("waiting", () => {
  test.each(styles)("says once who holds a %s lock, and goes on when it is free", async (style) => {
    expect(await locker.lock(style, "write")).toBe(true);
    const messages: string[] = [];
    let tell = (): void => {};
    const told = new Promise<void>((resolve) => (tell = resolve));
    let got = false;
    const waiting = acquireLock(path, "write", {
      ...patient,
      onWait: (message) => {
        messages.push(message);
        tell();
      },
    }).then((held) => {
      got = true;
      held.release();
    });
    await told;
    // It goes on asking for the lock, and says no more.
    await sleep(60);
    expect(got).toBe(false);
    await locker.unlock(style);
    await waiting;
    expect(messages).toHaveLength(1);
    expect(messages[0]).toContain(`waiting for ${path}, locked by ${process.execPath}`);
    expect(messages[0]).toContain(`(pid ${locker.pid})`);
  });

  test.each(styles)("gives up in time and names the holder of a %s lock", async (style) => {
    expect(await locker.lock(style, "read")).toBe(true);
    const before = openFiles();
    const error = await failureOf(acquireLock(path, "write", { timeoutMs: 120 }));
    await locker.unlock(style);
    expect(error.code).toBe("LOCK_TIMEOUT");
    expect(error.message).toContain(`${path} is still locked by ${process.execPath}`);
    expect(error.message).toContain(`(pid ${locker.pid}) after 0.12 s`);
    expect(error.hint).toContain("--lock-timeout");
    expect(openFiles()).toBe(before);
  });

  test("names this process when it holds the lock itself", async () => {
    const held = await acquireLock(path, "write", patient);
    const error = await failureOf(acquireLock(path, "write", brief));
    held.release();
    expect(error.message).toContain(`(pid ${process.pid})`);
  });

  test("is ended by the caller's signal, and leaves no lock and no open file", async () => {
    expect(await locker.lock("posix", "write")).toBe(true);
    const before = openFiles();
    const abort = new AbortController();
    const failure = failureOf(acquireLock(path, "write", { timeoutMs: 0, signal: abort.signal }));
    setImmediate(() => {
      abort.abort();
    });
    expect((await failure).code).toBe("INTERRUPTED");
    expect((await failure).message).toContain(path);
    const late = acquireLock(path, "read", { timeoutMs: 0, signal: abort.signal });
    expect((await failureOf(late)).code).toBe("INTERRUPTED");
    expect(openFiles()).toBe(before);
    await locker.unlock("posix");
    expect(await locker.lock("posix", "write")).toBe(true);
    await locker.unlock("posix");
  });
});

describe("the file", () => {
  test("is made for writing, readable for all and empty", async () => {
    const made = join(testdir(), "layers.lock");
    (await acquireLock(made, "write", brief)).release();
    expect(statSync(made).mode & 0o777).toBe(0o644);
    expect(statSync(made).size).toBe(0);
    expect(readLastWriterId(made)).toHaveLength(0);
  });

  test("is not made for reading, nor is its directory", async () => {
    const directory = testdir();
    for (const name of ["layers.lock", "missing/layers.lock"]) {
      (await acquireLock(join(directory, name), "read", brief)).release();
    }
    expect(readdirSync(directory)).toEqual([]);
  });

  test("that cannot be made is named", async () => {
    const missing = join(testdir(), "missing/layers.lock");
    expect(await failureOf(acquireLock(missing, "write", brief))).toMatchObject({
      code: "IO",
      message: `cannot open the lock file ${missing}: no such file or directory`,
    });
    expect(existsSync(missing)).toBe(false);
  });

  const earlier = {
    "nothing yet": "",
    "the id of CRI-O 1.0": "0123456789abcdef".repeat(4),
    "more than an id": "x".repeat(100),
  };

  test.each(Object.entries(earlier))(
    "gets 64 new bytes at each touch, over %s, and is never cut",
    async (_, content) => {
      const touched = join(testdir({ "images.lock": content }), "images.lock");
      const held = await acquireLock(touched, "write", brief);
      const seen = new Set([content.slice(0, 64)]);
      for (let times = 0; times < 3; times++) {
        held.touch();
        seen.add(readLastWriterId(touched).toString("latin1"));
        expect(readLastWriterId(touched)).toHaveLength(64);
      }
      held.release();
      expect(seen.size).toBe(4);
      expect(readFileSync(touched, "latin1").slice(64)).toBe(content.slice(64));
      expect(statSync(touched).size).toBe(Math.max(64, content.length));
    },
  );

  test("is left as it is by a lock that nobody touches", async () => {
    const untouched = join(testdir({ "images.lock": "y".repeat(64) }), "images.lock");
    for (const kind of kinds) (await acquireLock(untouched, kind, brief)).release();
    expect(readFileSync(untouched, "utf8")).toBe("y".repeat(64));
  });
});
