import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import {
  isRecord,
  openRegularFile,
  parseJson,
  readBytesIfThere,
  readRegularFile,
  readTextIfThere,
  readWhole,
  removeDirectoryIfEmpty,
  writeFileAtomic,
} from "../../../src/lib/system/files";
import { failureOf } from "../../helpers/failure";
import { testdir } from "../../helpers/testdir";

describe("writing a file", () => {
  test("replaces it whole, with another inode, mode and nothing left beside it", () => {
    const directory = testdir({ file: { content: "old and longer", mode: 0o644 } });
    const path = join(directory, "file");
    const before = statSync(path).ino;
    writeFileAtomic(path, "new", 0o600);
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(path).ino).not.toBe(before);
    writeFileAtomic(path, Buffer.from([0, 255]), 0o600);
    expect([...readFileSync(path)]).toEqual([0, 255]);
    expect(readdirSync(directory)).toEqual(["file"]);
  });

  test("that fails leaves what was there, and nothing beside it", async () => {
    const directory = testdir({ "taken/inside": "x" });
    const error = await failureOf(() => {
      writeFileAtomic(join(directory, "taken"), "new", 0o600);
    });
    expect(error.code).toBe("IO");
    expect(error.message).toContain(`cannot write ${join(directory, "taken")}`);
    expect(readdirSync(directory)).toEqual(["taken"]);
    const missing = join(directory, "missing/file");
    const second = await failureOf(() => {
      writeFileAtomic(missing, "new", 0o600);
    });
    expect(second.message).toBe(`cannot write ${missing}: no such file or directory`);
  });

  test("a device or FIFO stays what it is", async () => {
    const directory = testdir({});
    const device = join(directory, "null");
    const fifo = join(directory, "fifo");
    execFileSync("mknod", [device, "c", "1", "3"]);
    execFileSync("mkfifo", [fifo]);
    for (const [path, kind] of [
      [device, "device"],
      [fifo, "FIFO"],
    ] as const) {
      const error = await failureOf(() => {
        writeFileAtomic(path, "new", 0o600);
      });
      expect(error.message).toBe(`cannot write ${path}: it is a ${kind}`);
    }
    expect(statSync(device).isCharacterDevice()).toBe(true);
    expect(readdirSync(directory).sort()).toEqual(["fifo", "null"]);
  });
});

test("a file that is not there has no text; one that cannot be read is told", async () => {
  const directory = testdir({ file: "x", "folder/": null });
  expect(readTextIfThere(join(directory, "file"))).toBe("x");
  expect(readTextIfThere(join(directory, "missing"))).toBeUndefined();
  expect(readTextIfThere(join(directory, "file/below"))).toBeUndefined();
  symlinkSync("loop", join(directory, "loop"));
  expect((await failureOf(() => readTextIfThere(join(directory, "loop")))).code).toBe("IO");
});

test("text that is no JSON is CORRUPT, in one line that names the file", async () => {
  expect(parseJson("/file", '{"a":[1]}')).toEqual({ a: [1] });
  for (const text of ["", "{", "nul", '{"a":1}x', "\n\n{'a':1}"]) {
    const error = await failureOf(() => parseJson("/file", text));
    expect(error.code).toBe("CORRUPT");
    expect(error.message).toMatch(/^\/file does not hold valid JSON: .+$/);
  }
});

test("what JSON calls an object", () => {
  expect([{}, { a: 1 }].map(isRecord)).toEqual([true, true]);
  expect([null, [], "x", 1, undefined, true].map(isRecord)).toEqual([
    false,
    false,
    false,
    false,
    false,
    false,
  ]);
});

test("only an empty directory is removed", () => {
  const directory = testdir({ "full/file": "x" });
  removeDirectoryIfEmpty(join(directory, "full"));
  mkdirSync(join(directory, "empty"));
  removeDirectoryIfEmpty(join(directory, "empty"));
  removeDirectoryIfEmpty(join(directory, "empty"));
  expect(readdirSync(directory)).toEqual(["full"]);
  expect(() => {
    removeDirectoryIfEmpty(join(directory, "full/file/below"));
  }).not.toThrow();
});

describe("what is no regular file is refused at once", () => {
  const directory = testdir({
    "folder/": null,
    "to-zero": { symlink: "/dev/zero" },
    "to-fifo": { symlink: "fifo" },
    "to-file": { symlink: "file" },
    "to-null": { symlink: "/dev/null" },
    file: "text",
  });
  const socket = createServer();

  beforeAll(async () => {
    execFileSync("mkfifo", [join(directory, "fifo")]);
    await new Promise<void>((resolve) => socket.listen(join(directory, "socket"), resolve));
  });

  afterAll(() => {
    socket.close();
  });

  test.each([
    ["folder", "a directory"],
    ["fifo", "a FIFO"],
    ["to-fifo", "a FIFO"],
    ["to-zero", "a device"],
    ["socket", "a socket or a device"],
  ])("%s", async (name, kind) => {
    const path = join(directory, name);
    const before = readdirSync("/proc/self/fd").length;
    for (const read of [readTextIfThere, readBytesIfThere]) {
      const error = await failureOf(() => read(path));
      expect([error.code, error.message]).toEqual(["CORRUPT", `${path} is ${kind}, not a regular file`]);
    }
    expect(readdirSync("/proc/self/fd")).toHaveLength(before);
  });

  test("a link to a file is followed, one to /dev/null stands for an empty file", () => {
    expect(readTextIfThere(join(directory, "to-file"))).toBe("text");
    expect(readTextIfThere(join(directory, "to-null"))).toBe("");
  });
});

describe("a file that is larger than its kind can be", () => {
  const directory = testdir({ file: "" });
  const path = join(directory, "file");

  test("is not read, however large it seems", async () => {
    for (const size of [2049, 2 ** 40]) {
      truncateSync(path, size);
      const error = await failureOf(() => readTextIfThere(path, 2048));
      expect(error).toMatchObject({
        code: "CORRUPT",
        message: `${path} is larger than 2 KiB, which no file of its kind is`,
      });
    }
    truncateSync(path, 2048);
    expect(readTextIfThere(path, 2048)).toHaveLength(2048);
  });

  test("nor one that grows while it is read", async () => {
    writeFileSync(path, "x".repeat(100));
    const { fd, stat } = openRegularFile(path);
    appendFileSync(path, "y".repeat(50));
    expect(readWhole(fd, path, stat.size, 1024).toString()).toBe("x".repeat(100) + "y".repeat(50));
    appendFileSync(path, "z".repeat(5000));
    expect((await failureOf(() => readWhole(fd, path, stat.size, 1024))).code).toBe("CORRUPT");
  });

  test("files of the kernel, which seem to have no bytes, are read to their ends", () => {
    expect(readTextIfThere("/proc/self/status", 1024 * 1024)).toContain(`Pid:\t${process.pid}`);
    const mounts = readFileSync("/proc/self/mountinfo", "utf8");
    expect(readRegularFile("/proc/self/mountinfo", 1024 * 1024).toString()).toBe(mounts);
  });
});
