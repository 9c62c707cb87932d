import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pathsBelow } from "../helpers/listing";
import { runProcess, type ProcessResult } from "../helpers/process";
import { testdir } from "../helpers/testdir";

// On Node: the executable holds its code compiled.
const repository = join(__dirname, "../..");
const directory = testdir({ "root/overlay-containers/containers.json": "[]" });
const home = join(directory, "home");
const cache = join(home, ".cache/kpod");

beforeAll(() => {
  for (const name of ["bin", "dist"])
    cpSync(join(repository, name), join(directory, name), { recursive: true });
  mkdirSync(home);
  symlinkSync(join(repository, "node_modules"), join(directory, "node_modules"));
});

/** The places that a user's environment names. */
type Places = Readonly<Record<"HOME" | "XDG_CACHE_HOME", string | undefined>>;
const atHome: Places = { HOME: home, XDG_CACHE_HOME: undefined };

function kpod(...args: string[]): Promise<ProcessResult> {
  return kpodWith(atHome, ...args);
}

function kpodWith(env: Places, ...args: string[]): Promise<ProcessResult> {
  return runProcess(join(directory, "bin/kpod"), ["--root", join(directory, "root"), ...args], { env });
}

const listed = { exitCode: 0, stdout: "[]\n", stderr: "" };
const list = (): Promise<ProcessResult> => kpod("ps", "-a", "--format", "json");
const kept = (): string[] => (existsSync(cache) ? readdirSync(cache).sort() : []);
/** What is kept of `ps` of the command line as it was built, whose first line names its content. */
const current = (): string => {
  const [hash = ""] = readFileSync(join(directory, "dist/kpod.cjs"), "latin1").slice(2).split("\n");
  return kept().find((name) => name.startsWith(hash) && name.endsWith("-ps")) ?? "";
};

/** Newer ones than 22.10 keep it in a way of their own. */
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const keepsByItself = major > 22 || (major === 22 && minor >= 10);
const onOlderNode = keepsByItself ? describe.skip : describe;
const onNewerNode = keepsByItself ? describe : describe.skip;

onOlderNode("by kpod", () => {
  test("a call that fails keeps nothing", async () => {
    expect((await kpod("ps", "--format", "{{")).exitCode).toBe(2);
    expect(kept()).toEqual([]);
  });

  test("the first calls keep what they compiled, and the next ones leave that alone", async () => {
    expect(await list()).toEqual(listed);
    expect(kept()).toEqual([current()]);
    const path = join(cache, current());
    const { size } = statSync(path);
    // What this call runs besides is kept as well.
    expect((await kpod("ps", "-a", "--ns", "-f", "name=x")).exitCode).toBe(0);
    expect(statSync(path).size).toBeGreaterThan(size);
    for (let call = 2; call < 8; call++) expect(await list()).toEqual(listed);
    const written = statSync(path).mtimeMs;
    for (let call = 0; call < 2; call++) expect(await list()).toEqual(listed);
    expect([kept(), statSync(path).mtimeMs]).toEqual([[current()], written]);
  });

  /** With a byte of the code changed, the first at 0 and the last at 1. */
  const changedAt =
    (place: number) =>
    (whole: Buffer): Buffer => {
      const changed = Buffer.from(whole);
      // Behind the code, a byte counts the calls.
      const at = Math.round((whole.length - 2) * place);
      changed.writeUInt8(changed.readUInt8(at) ^ 0xff, at);
      return changed;
    };

  test.each<[string, (whole: Buffer) => Buffer]>([
    ["empty", () => Buffer.alloc(0)],
    ["cut off", (whole) => whole.subarray(0, whole.length >> 1)],
    ["cut off by a byte", (whole) => whole.subarray(1)],
    ["nothing but zeros", (whole) => Buffer.alloc(whole.length)],
    [
      "zeros at its end",
      (whole) => Buffer.concat([whole.subarray(0, 4096), Buffer.alloc(whole.length - 4096)]),
    ],
    ["overwritten at the beginning", (whole) => Buffer.concat([Buffer.alloc(64, 1), whole.subarray(64)])],
    ...[0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.9, 1].map(
      (place) => [`changed by a byte at ${place}`, changedAt(place)] as [string, (whole: Buffer) => Buffer],
    ),
  ])("what is %s is refused and made anew", async (_, spoil) => {
    const path = join(cache, current());
    const whole = readFileSync(path);
    const spoilt = spoil(whole);
    writeFileSync(path, spoilt);
    expect(await list()).toEqual(listed);
    expect(statSync(path).size).toBeGreaterThan(whole.length / 2);
    expect(readFileSync(path).equals(spoilt)).toBe(false);
    expect(await list()).toEqual(listed);
  });

  test("what another version of V8 made is refused and made anew", async () => {
    const path = join(cache, current());
    const bytes = readFileSync(path);
    // The second word is the version; all is there twice.
    for (const at of [4, 4 + (bytes.length >> 1)]) bytes.writeUInt32LE(bytes.readUInt32LE(at) + 1, at);
    writeFileSync(path, bytes);
    expect(await list()).toEqual(listed);
    expect(readFileSync(path).equals(bytes)).toBe(false);
  });

  test("what is kept of another build is not taken for that of this one", async () => {
    const names = kept();
    const bundle = join(directory, "dist/kpod.cjs");
    const text = readFileSync(bundle, "latin1");
    // As long as before: V8 itself tells texts apart by their length.
    const other = text
      .replace(/^\/\/[0-9a-f]{16}/, `//${"0".repeat(16)}`)
      .replace("too many arguments, ", "too many argumentz, ");
    writeFileSync(bundle, other, "latin1");
    const { exitCode, stderr } = await kpod("ps", "x");
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining("too many argumentz")]);
    expect(await list()).toEqual(listed);
    expect(kept().length).toBeGreaterThan(names.length);
    writeFileSync(bundle, text, "latin1");
  });

  test("of another command it is kept apart", async () => {
    const path = join(cache, current());
    const { mtimeMs } = statSync(path);
    expect((await kpod("images")).exitCode).toBe(0);
    expect(kept()).toContain(current().replace(/ps$/, "images"));
    expect(statSync(path).mtimeMs).toBe(mtimeMs);
  });

  test("it is the user's own, and the package stays as it was installed", async () => {
    expect((await kpod("config")).exitCode).toBe(0);
    expect(statSync(cache).mode & 0o777).toBe(0o700);
    for (const name of kept()) expect(statSync(join(cache, name)).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(directory, "dist"))).not.toContain("cache");
  });

  test("what somebody else may have written is not run", async () => {
    const path = join(cache, current());
    const whole = readFileSync(path);
    // With the count of calls that says that it is not made anew.
    const spoils: (() => void)[] = [
      () => {
        chownSync(path, 65534, 65534);
      },
      () => {
        chmodSync(path, 0o620);
      },
      () => {
        writeFileSync(`${home}/elsewhere`, whole);
        rmSync(path);
        symlinkSync(`${home}/elsewhere`, path);
      },
    ];
    for (const spoil of spoils) {
      spoil();
      expect(await list()).toEqual(listed);
      // One of ours has taken its place.
      const now = lstatSync(path);
      expect([now.isFile(), now.uid, now.mode & 0o777]).toEqual([true, 0, 0o600]);
    }
  });

  test("what is kept of a kpod that nobody calls any more goes", async () => {
    const old = join(cache, "0123456789abcdef-v20.0.0-x64");
    const recent = join(cache, "fedcba9876543210-v20.0.0-x64");
    for (const path of [old, recent]) writeFileSync(path, "");
    utimesSync(old, 1_000_000, 1_000_000);
    rmSync(join(cache, current()));
    expect(await list()).toEqual(listed);
    expect([existsSync(old), existsSync(recent)]).toEqual([false, true]);
  });

  test("of twenty upgrades the newest two stay besides what is called now, of each command", async () => {
    const builds = Array.from({ length: 20 }, (_, index) => `${String(index).padStart(16, "0")}-v20.0.0-x64`);
    for (const name of kept()) rmSync(join(cache, name));
    const names = builds.flatMap((build) => [`${build}-ps`, `${build}-images`]);
    // Its writer was killed.
    names.push("00000000000000aa-v20.0.0-x64-ps.4194305");
    for (const [index, name] of names.entries()) {
      writeFileSync(join(cache, name), "");
      const time = Date.now() / 1000 - 3600 + (name.includes(".4") ? 0 : index);
      utimesSync(join(cache, name), time, time);
    }
    expect(await list()).toEqual(listed);
    const newest = (command: string): string[] => builds.slice(-2).map((build) => `${build}-${command}`);
    const stay = [...newest("ps"), ...newest("images")];
    expect(names.filter((name) => kept().includes(name)).sort()).toEqual(stay.sort());
  });
});

onNewerNode("by node", () => {
  const versionsOfPs = (): string[] => readdirSync(join(cache, "ps")).sort();

  test("a build takes the place of the one before, and two other versions of node stay", async () => {
    rmSync(cache, { recursive: true, force: true });
    const others = Array.from({ length: 5 }, (_, index) => `v22.1${index}.0-x64-00000000-0`);
    for (const [index, name] of others.entries()) {
      mkdirSync(join(cache, "ps", name), { recursive: true, mode: 0o700 });
      const time = Date.now() / 1000 - 3600 + index;
      utimesSync(join(cache, "ps", name), time, time);
    }
    const builds = ["0", "1", "2", "3"].map((digit) => `${digit.repeat(16)}-v20.0.0-x64-ps`);
    for (const name of builds) writeFileSync(join(cache, name), "");
    expect(await list()).toEqual(listed);
    const own = versionsOfPs().filter((name) => !others.includes(name));
    expect(own).toHaveLength(1);
    expect(versionsOfPs()).toEqual([...others.slice(-2), ...own].sort());
    expect(kept().filter((name) => builds.includes(name))).toHaveLength(2);
    const bundle = join(directory, "dist/kpod.cjs");
    const text = readFileSync(bundle, "latin1");
    writeFileSync(bundle, text.replace(/^\/\/[0-9a-f]{16}/, `//${"0".repeat(16)}`), "latin1");
    const files = pathsBelow(join(cache, "ps")).length;
    expect(await list()).toEqual(listed);
    expect(pathsBelow(join(cache, "ps"))).toHaveLength(files);
    writeFileSync(bundle, text, "latin1");
  });
});

test("$XDG_CACHE_HOME goes before the home", async () => {
  const caches = join(directory, "caches");
  mkdirSync(caches);
  expect(await kpodWith({ HOME: home, XDG_CACHE_HOME: caches }, "ps", "-a", "--format", "json")).toEqual(
    listed,
  );
  expect(readdirSync(caches)).toEqual(["kpod"]);
});

describe("where nothing can be kept, kpod works as well, and says nothing of it", () => {
  const others = testdir({ file: "", "home/": null, "shared/.cache/kpod/": null });

  test.each<[string, Places]>([
    ["nobody has a home", { HOME: undefined, XDG_CACHE_HOME: undefined }],
    ["the home is not there", { HOME: join(others, "nowhere"), XDG_CACHE_HOME: undefined }],
    ["the home is a file", { HOME: join(others, "file"), XDG_CACHE_HOME: undefined }],
    ["the home is somebody else's", { HOME: join(others, "home"), XDG_CACHE_HOME: undefined }],
    ["others may write to the directory", { HOME: join(others, "shared"), XDG_CACHE_HOME: undefined }],
    ["it cannot be written", { HOME: undefined, XDG_CACHE_HOME: "/proc/sys" }],
  ])("%s", async (_, places) => {
    chownSync(join(others, "home"), 65534, 65534);
    chmodSync(join(others, "shared/.cache/kpod"), 0o777);
    expect(await kpodWith(places, "ps", "-a", "--format", "json")).toEqual(listed);
    expect(pathsBelow(others).sort()).toEqual([
      "file",
      "home",
      "shared",
      "shared/.cache",
      "shared/.cache/kpod",
    ]);
    expect(readdirSync(join(directory, "dist"))).not.toContain("cache");
  });
});
