import { execFileSync } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { capabilitiesFor } from "../../../src/lib/copy/capabilities";
import type { CopyEntry, CopyTarget } from "../../../src/lib/copy/entry";
import { tarEntries } from "../../../src/lib/copy/tar-entries";
import { treeEntries } from "../../../src/lib/copy/tree-entries";
import type { TreeWriting } from "../../../src/lib/copy/open-directories";
import { TreeTarget } from "../../../src/lib/copy/tree-target";
import { Turns } from "../../../src/lib/copy/turns";
import { O_PATH } from "../../../src/lib/system/files";
import { readAttribute } from "../../../src/lib/system/extended-attributes";
import { libc } from "../../../src/lib/system/libc";
import { failureOf } from "../../helpers/failure";
import { startProcess } from "../../helpers/process";
import { testdir } from "../../helpers/testdir";

const openedBefore = readdirSync("/proc/self/fd").length;
afterEach(() => {
  expect(readdirSync("/proc/self/fd")).toHaveLength(openedBefore);
});

const kept: Omit<TreeWriting, "passedOver" | "turns"> = {
  owner: ({ uid, gid }) => ({ uid, gid }),
  keepsRights: () => true,
  root: 0,
  devices: true,
};

/** What a copy was: what it passed over. */
async function copied(
  entries: Iterable<CopyEntry> | AsyncIterable<CopyEntry>,
  into: string,
  top: string | undefined,
  writing: Partial<TreeWriting> = {},
): Promise<{ devices: number; sockets: number }> {
  const passedOver = { devices: 0, sockets: 0 };
  const directory = openSync(into, O_PATH);
  try {
    const place = { directory, top, shown: into };
    const target: CopyTarget = new TreeTarget(place, {
      ...kept,
      passedOver,
      turns: new Turns(undefined),
      ...writing,
    });
    try {
      for await (const entry of entries) await target.put(entry);
      target.finish();
    } catch (error) {
      target.abandon();
      throw error;
    }
    return passedOver;
  } finally {
    closeSync(directory);
  }
}

async function copyTree(from: string, into: string, top?: string, writing: Partial<TreeWriting> = {}) {
  const fd = openSync(from, O_PATH);
  try {
    const passedOver = { devices: 0, sockets: 0 };
    const owner = ({ uid, gid }: { uid: number; gid: number }) => ({ uid, gid });
    return await copied(treeEntries({ fd }, { owner, passedOver, shown: from }), into, top, writing);
  } finally {
    closeSync(fd);
  }
}

// eslint-disable-next-line @typescript-eslint/require-await
async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Kinds, modes, owners, links, blocks in use; times; and what files hold. */
function described(directory: string): string {
  const script = `
    find . -mindepth 1 -printf '%P %y %m %U %G %n %l\\n' | sort
    find . -type f -printf '%P %s %b %Ts\\n' | sort
    find . -type f -size -100M -print0 | sort -z | xargs -0r sha256sum
    find . -type f -size +100M -exec sh -c 'dd if="$0" bs=64k skip=100 count=2 2>/dev/null | sha256sum' '{}' ';'
    find . -type b -o -type c | sort | xargs -r stat -c '%n %t %T'`;
  return execFileSync("sh", ["-ec", script], { cwd: directory, encoding: "latin1" });
}

const sh = (cwd: string, script: string): void => void execFileSync("sh", ["-ec", script], { cwd });

test("a copy of a tree is like it: links, holes, devices, modes, owners, times, attributes, names", async () => {
  const from = testdir({ "d/e/file": "one", "d/empty/": null });
  sh(
    from,
    `chmod 4755 d/e/file; chown 1234:4321 d/e/file; ln d/e/file hard; ln -s d/e soft; ln -s /etc/passwd away
    mkfifo pipe; mknod null c 1 3; mknod disk b 259 70000; chmod 1777 d; chmod 555 d/empty; : > "new
line"; : > "$(printf '\\033[31mred')"; : > ${"n".repeat(255)}; touch -d @-5.5 hard
    dd if=/dev/urandom of=holes bs=64k count=1 seek=100 2>/dev/null; truncate -s 3G holes; head -c 3000000 /dev/urandom > large`,
  );
  writeFileSync(Buffer.from(`${from}/\xff\xe9`, "latin1"), "bytes");
  const attributes: [string, Buffer][] = [
    ["security.capability", Buffer.from("0100000200200000000000000000000000000000", "hex")],
    ["user.note", Buffer.from("a\xff", "latin1")],
  ];
  // The label of a file, and what overlay means by it, are given by where it is written.
  const ofTheNode: [string, Buffer][] = [
    ["security.selinux", Buffer.from("system_u:object_r:container_file_t:s0:c1,c2\0")],
    ["trusted.overlay.opaque", Buffer.from("y")],
  ];
  for (const [name, value] of attributes) libc().lsetxattr(join(from, "large"), name, value, value.length, 0);
  for (const [name, value] of ofTheNode) libc().lsetxattr(join(from, "d"), name, value, value.length, 0);
  const into = testdir();
  expect(await copyTree(from, into, "copy")).toEqual({ devices: 0, sockets: 0 });
  expect(readdirSync(into)).toEqual(["copy"]);
  expect(described(join(into, "copy"))).toBe(described(from));
  const fd = openSync(join(into, "copy/large"), "r");
  for (const [name, value] of attributes) expect(readAttribute(fd, name)).toEqual(value);
  closeSync(fd);
  const d = openSync(join(into, "copy/d"), "r");
  for (const [name] of ofTheNode) expect(readAttribute(d, name)).toBeUndefined();
  closeSync(d);
  // Once more, over it: the same, and nothing beside it.
  expect(await copyTree(from, join(into, "copy"))).toEqual({ devices: 0, sockets: 0 });
  expect(described(join(into, "copy"))).toBe(described(from));
});

test("a deep tree takes few descriptors on both sides; who moves it away meanwhile ends the copy", async () => {
  const levels = 400;
  const nameAt = (level: number): string => "d/".repeat(level);
  const from = testdir();
  mkdirSync(join(from, nameAt(levels)), { recursive: true });
  for (const level of [0, 100, 200, levels]) writeFileSync(join(from, nameAt(level), "file"), `${level}`);
  sh(from, `ln file ${nameAt(levels)}hard; chmod 700 ${nameAt(200)}`);
  let most = 0;
  const owner = ({ uid, gid }: CopyEntry) => {
    most = Math.max(most, readdirSync("/proc/self/fd").length);
    return { uid, gid };
  };
  const into = testdir();
  await copyTree(from, into, "copy", { owner });
  expect(most - openedBefore).toBeLessThan(levels);
  expect(described(join(into, "copy"))).toBe(described(from));
  const archive = execFileSync("tar", ["-C", from, "-c", "d", "file"], { maxBuffer: 64_000_000 });
  const unpacked = testdir();
  const openDirectory = (path: string): number => openSync(join(unpacked, path), O_PATH);
  await copied(tarEntries(once(archive)), unpacked, undefined, { owner, openDirectory });
  expect(most - openedBefore).toBeLessThan(levels);
  expect(described(unpacked)).toBe(described(from));
  const aside = testdir();
  const moving = ({ uid, gid, path }: CopyEntry) => {
    if (path === `${nameAt(levels)}file`) renameSync(join(from, nameAt(200)), join(aside, "d"));
    return { uid, gid };
  };
  const { message } = await failureOf(() => copyTree(from, into, "half", { owner: moving }));
  expect(message).toBe(`${from}: a directory was moved away while it was read`);
  expect(readdirSync(into)).toEqual(["copy"]);
});

test("rights and devices are left out where nobody is to keep them", async () => {
  const from = testdir({ program: { content: "", mode: 0o6755 } });
  sh(from, "mknod null c 1 3; mkdir d; chmod 2755 d");
  const into = testdir();
  const result = await copyTree(from, into, undefined, { keepsRights: () => false, devices: false });
  expect(result.devices).toBe(1);
  expect(described(into)).toMatch(/^d d 2755 .*\nprogram f 755 /);
});

test("capabilities count for root of where a program is written", () => {
  const two = Buffer.from("0100000200200000000000000000000000000000", "hex");
  const three = Buffer.from("0100000300200000000000000000000000000000a0860100", "hex");
  expect([capabilitiesFor(two, 100_000), capabilitiesFor(three, 0)]).toEqual([three, two]);
  expect([capabilitiesFor(two, 0), capabilitiesFor(three, 100_000)]).toEqual([two, three]);
  for (const other of [Buffer.alloc(3), Buffer.alloc(20), two.subarray(0, 19)])
    expect(capabilitiesFor(other, 5)).toEqual(other);
});

test("what is there and is another kind is not replaced; what fails leaves what was", async () => {
  const into = testdir({ "d/file": "old", file: "old", link: { symlink: "/etc" }, "kept/x": "x" });
  const refused: readonly (readonly [string, Record<string, string | null>, string])[] = [
    ["d", { d: "a file" }, "cannot overwrite directory"],
    ["file", { "file/x": "" }, "no directory is there"],
    ["link", { "link/x": "" }, "a symbolic link is there"],
  ];
  for (const [top, tree, message] of refused)
    expect((await failureOf(() => copyTree(join(testdir(tree), top), into, top))).message).toContain(message);
  // In the middle of a file, of a new directory, and of one that is there.
  const broken = function* (path: string): Generator<CopyEntry> {
    const common = { path, mode: 0o644, uid: 0, gid: 0, mtime: 0, size: 10 };
    const content = (async function* () {
      yield await Promise.resolve(Buffer.from("new"));
      throw new Error("gone");
    })();
    if (path !== "") yield { ...common, path: "", type: "directory", size: 0 };
    yield { ...common, type: "file", content };
  };
  for (const [path, top] of [
    ["", "file"],
    ["x", "fresh"],
    ["x", "kept"],
  ] as const)
    expect((await failureOf(() => copied(broken(path), into, top))).message).toContain("gone");
  expect(readdirSync(into).sort()).toEqual(["d", "file", "kept", "link"]);
  expect(readFileSync(join(into, "file"), "utf8")).toBe("old");
  expect(readdirSync(join(into, "kept"))).toEqual(["x"]);
  expect(readFileSync(join(into, "kept/x"), "utf8")).toBe("x");
});

test("full: the file that was there is whole, and nothing is beside it", async () => {
  const into = testdir();
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "none", into]);
  try {
    writeFileSync(join(into, "file"), "old");
    const from = testdir({ file: Buffer.alloc(2_000_000, 1), "d/file": Buffer.alloc(2_000_000, 1) });
    for (const name of ["file", "d"]) {
      const { code, message } = await failureOf(() => copyTree(join(from, name), into, name));
      expect([code, message]).toEqual(["IO", expect.stringContaining("no space left on device")]);
    }
    expect(readdirSync(into)).toEqual(["file"]);
    expect(readFileSync(join(into, "file"), "utf8")).toBe("old");
    execFileSync("mount", ["-o", "remount,ro", into]);
    const { message } = await failureOf(() => copyTree(join(from, "file"), into, "file"));
    expect(message).toBe(`cannot write ${into}/file: read-only file system`);
  } finally {
    execFileSync("umount", [into]);
  }
});

/** Has an archive unpacked into `into` of a directory that has `outside` beside it. */
async function unpacked(place: string, script: string): Promise<void> {
  const archive = execFileSync("sh", ["-ec", script], { cwd: testdir() });
  const into = join(place, "into");
  await copied(tarEntries(once(archive)), into, undefined, {
    openDirectory: (path) => openSync(join(into, path), O_PATH),
  });
}

test("an archive leads out by no name, no link of its own and no hard link", async () => {
  const place = testdir({ "outside/secret": "secret", "into/old/x": "x", "into/known": { symlink: "old" } });
  const outside = join(place, "outside");
  const tar = "tar -cP --no-recursion";
  const refused: readonly (readonly [string, string])[] = [
    [`: > x; ${tar} --transform 's,x,../outside/new,' x`, "leads out of the destination"],
    [`: > x; ${tar} --transform 's,x,a/../../outside/new,' x`, "leads out of the destination"],
    [
      `ln -s ${outside} l; mkdir d; : > d/new; ${tar} l > a; rm l; mv d l; ${tar} l/new > b; tar -Af a b; cat a`,
      "a symbolic link is there",
    ],
    [`: > x; ln x y; ${tar} --transform 's,x,../outside/secret,' x y`, "leads out of the destination"],
    [`: > x; ln x y; ${tar} x y > a; tar --delete -f a x; cat a`, "cannot link to"],
    [
      `ln -s ${outside} l; ${tar} l > a; rm l; mkdir l; : > l/secret; ln l/secret y; ${tar} l/secret y > b; tar --delete -f b l/secret; tar -Af a b; cat a`,
      "a symbolic link is there",
    ],
  ];
  for (const [script, message] of refused)
    expect((await failureOf(() => unpacked(place, script))).message).toContain(message);
  // An absolute name is taken from the destination, a link that was there is followed, a name that comes twice is replaced.
  await unpacked(
    place,
    `mkdir known; echo one > known/n; ${tar} known/n > a; echo two > known/n; ${tar} known/n > b; tar -Af a b; cat a`,
  );
  expect(readFileSync(join(place, "into/old/n"), "utf8")).toBe("two\n");
  await unpacked(place, `echo in > x; ${tar} --transform 's,x,/etc/new,' x`);
  expect(readFileSync(join(place, "into/etc/new"), "utf8")).toBe("in\n");
  await unpacked(place, `mkdir -m 700 d; : > d/x; touch -d @5 d; ${tar} d/x d`);
  expect(execFileSync("stat", ["-c", "%a %Y", join(place, "into/d")], { encoding: "utf8" })).toBe("700 5\n");
  expect(readlinkSync(join(place, "into/l"))).toBe(outside);
  expect([readdirSync(outside), readFileSync(join(outside, "secret"), "utf8")]).toEqual([
    ["secret"],
    "secret",
  ]);
  expect(readdirSync(join(place, "into")).sort()).toEqual(["d", "etc", "known", "l", "old"]);
});

test("directories that become links while they are copied lead nowhere, in either direction", async () => {
  const place = testdir({ "outside/secret": "secret" });
  const [tree, outside] = [join(place, "tree"), join(place, "outside")];
  for (let index = 0; index < 20; index++) {
    mkdirSync(join(tree, `d${index}`), { recursive: true });
    writeFileSync(join(tree, `d${index}`, "file"), "own");
  }
  const child = startProcess(process.execPath, [
    join(__dirname, "../../helpers/swap-process.cjs"),
    tree,
    outside,
  ]);
  const ended = new Promise((resolve) => child.on("close", resolve));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const from = testdir();
  for (let index = 0; index < 20; index++) {
    mkdirSync(join(from, `d${index}`));
    writeFileSync(join(from, `d${index}`, "new"), "new");
  }
  for (let round = 0; round < 60; round++) {
    const into = testdir();
    await copyTree(tree, into, "copy");
    const found = execFileSync("find", [into, "-name", "secret"], { encoding: "utf8" });
    expect(found).toBe("");
    // Where a link is in the way, or the directory has just gone, it ends with an error.
    await copyTree(from, tree).catch((error: unknown) => {
      expect(String(error)).toMatch(
        /a symbolic link is there|no such file|not a directory|too many levels|file exists/,
      );
    });
  }
  child.stdin.end();
  await ended;
  expect(readdirSync(outside)).toEqual(["secret"]);
});

test("a copy of what the kernel makes up: read from within, left empty from above, never written", async () => {
  const into = testdir();
  await copyTree("/proc/self/status", into, "status");
  expect(readFileSync(join(into, "status"), "utf8")).toContain("Pid:");
  const { message } = await failureOf(() =>
    copyTree(join(into, "status"), "/proc/sys/kernel", "core_pattern"),
  );
  expect(message).toContain("what is in it is made by the kernel");
  symlinkSync("/proc", join(into, "proc"));
});
