import {
  cpSync,
  existsSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { runProcess, type ProcessResult } from "../helpers/process";
import { testdir } from "../helpers/testdir";

const repository = join(__dirname, "../..");
const directory = testdir({ "root/overlay-containers/containers.json": "[]" });
const cache = join(directory, "dist/cache");

beforeAll(() => {
  for (const name of ["bin", "dist"])
    cpSync(join(repository, name), join(directory, name), { recursive: true });
  rmSync(cache, { recursive: true, force: true });
  symlinkSync(join(repository, "node_modules"), join(directory, "node_modules"));
});

function kpod(...args: string[]): Promise<ProcessResult> {
  return runProcess(join(directory, "bin/kpod"), ["--root", join(directory, "root"), ...args]);
}

const listed = { exitCode: 0, stdout: "[]\n", stderr: "" };
const list = (): Promise<ProcessResult> => kpod("ps", "-a", "--format", "json");
const kept = (): string[] => (existsSync(cache) ? readdirSync(cache).sort() : []);
const ofPs = (): string[] => kept().filter((name) => name.endsWith("-ps"));

test("a call that fails keeps nothing", async () => {
  expect((await kpod("ps", "--format", "{{")).exitCode).toBe(2);
  expect(kept()).toEqual([]);
});

test("the first calls of a command keep what was compiled for it, and the next ones leave that alone", async () => {
  expect(await list()).toEqual(listed);
  const names = ofPs();
  expect(names.length).toBeGreaterThan(0);
  expect(kept()).toEqual(names);
  const sizes = () => names.map((name) => statSync(join(cache, name)).size);
  const first = sizes();
  // What this call runs besides is kept as well.
  expect((await kpod("ps", "-a", "--ns", "-f", "name=x")).exitCode).toBe(0);
  sizes().forEach((size, index) => {
    expect(size).toBeGreaterThan(first[index] ?? Infinity);
  });
  expect(await list()).toEqual(listed);
  const written = names.map((name) => statSync(join(cache, name)).mtimeMs);
  expect(await list()).toEqual(listed);
  expect(await list()).toEqual(listed);
  expect(names.map((name) => statSync(join(cache, name)).mtimeMs)).toEqual(written);
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
  const whole = ofPs().map((name) => [join(cache, name), readFileSync(join(cache, name))] as const);
  for (const [path, bytes] of whole) writeFileSync(path, spoil(bytes));
  expect(await list()).toEqual(listed);
  for (const [path, bytes] of whole) expect(statSync(path).size).toBeGreaterThan(bytes.length / 2);
  expect(await list()).toEqual(listed);
});

test("what another version of V8 made is refused and made anew", async () => {
  const paths = ofPs().map((name) => join(cache, name));
  for (const path of paths) {
    const bytes = readFileSync(path);
    // The second word is the version; all is there twice.
    for (const at of [4, 4 + (bytes.length >> 1)]) bytes.writeUInt32LE(bytes.readUInt32LE(at) + 1, at);
    writeFileSync(path, bytes);
  }
  const spoilt = paths.map((path) => readFileSync(path));
  expect(await list()).toEqual(listed);
  paths.forEach((path, index) => {
    expect(readFileSync(path).equals(spoilt[index] ?? Buffer.alloc(0))).toBe(false);
  });
});

test("what is kept of other packs is not taken for that of these", async () => {
  const names = ofPs();
  const pack = join(directory, "dist/kpod.cjs");
  const text = readFileSync(pack, "latin1");
  // As long as before: V8 itself tells texts apart by their length.
  const other = text
    .replace(/^\/\/[0-9a-f]{16}/, `//${"0".repeat(16)}`)
    .replace('"too many arguments', '"too many argumentz');
  writeFileSync(pack, other, "latin1");
  expect((await kpod("ps", "x")).exitCode).toBe(2);
  expect(await list()).toEqual(listed);
  expect(ofPs().length).toBeGreaterThan(names.length);
  writeFileSync(pack, text, "latin1");
});

test("where nothing can be kept, kpod works as well, and says nothing of it", async () => {
  rmSync(cache, { recursive: true });
  writeFileSync(cache, "");
  expect(await list()).toEqual(listed);
  expect(readdirSync(join(directory, "dist")).filter((name) => name.includes("cache"))).toEqual(["cache"]);
});
