import { mkdirSync, openSync, rmdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeErrno, errnoOf, fileError, KpodError, orFileError } from "../../src/lib/errors";
import { testdir } from "../helpers/testdir";

test("an error keeps its code, message and hint", () => {
  const error = new KpodError("NOT_FOUND", "image x is not in the store", { hint: "load it" });
  expect([error.code, error.message, error.hint]).toEqual([
    "NOT_FOUND",
    "image x is not in the store",
    "load it",
  ]);
});

const refusal = Object.assign(new Error("EPERM: operation not permitted"), { code: "EPERM" });

test("who is not root is told to be, and root what stands against root", () => {
  const uid = jest.spyOn(process, "geteuid" as never);
  try {
    uid.mockReturnValue(1000 as never);
    expect(fileError("cannot write /x", refusal)).toMatchObject({
      code: "NOT_PERMITTED",
      message: "cannot write /x: operation not permitted",
      hint: "run kpod as root",
    });
    uid.mockReturnValue(0 as never);
    expect(fileError("cannot write /x", refusal).hint).toContain("immutable");
    expect(fileError("cannot write /x", refusal).hint).not.toContain("run kpod as root");
  } finally {
    uid.mockRestore();
  }
});

test("what is told already stays as it is told", () => {
  const error = new KpodError("CORRUPT", "/x is a FIFO, not a regular file");
  expect(fileError("cannot read /x", error)).toBe(error);
});

test("an error of the operating system is known by its name, or by its number where node leaves the name out", () => {
  expect(errnoOf(Object.assign(new Error("x"), { code: "ENOENT", errno: -2 }))).toBe("ENOENT");
  expect(errnoOf(Object.assign(new Error("x"), { code: "", errno: -16 }))).toBe("EBUSY");
  expect(errnoOf(Object.assign(new Error("x"), { errno: 16 }))).toBe("EBUSY");
  expect(errnoOf(Object.assign(new Error("x"), { errno: -100_000 }))).toBeUndefined();
  expect(errnoOf(new Error("x"))).toBeUndefined();
});

test("what the operating system refuses is said in words, and a path once", () => {
  const directory = testdir({ "full/inner": "", file: "" });
  const loop = join(directory, "loop");
  symlinkSync("loop", loop);
  const file = join(directory, "file");
  const long = join(directory, "n".repeat(300));
  const refused: readonly (readonly [path: string, action: (path: string) => unknown, words: string])[] = [
    [loop, (path) => openSync(path, "r"), "too many levels of symbolic links"],
    [long, (path) => openSync(path, "r"), "file name too long"],
    [join(file, "x"), (path) => openSync(path, "r"), "not a directory"],
    [file, (path) => openSync(path, "wx"), "file exists"],
    [
      file,
      (path) => {
        mkdirSync(path);
      },
      "file exists",
    ],
    [
      directory,
      (path) => {
        writeFileSync(path, "");
      },
      "is a directory",
    ],
    [
      join(directory, "full"),
      (path) => {
        rmdirSync(path);
      },
      "directory not empty",
    ],
  ];
  for (const [path, action, words] of refused) {
    expect(() => orFileError(`cannot use ${path}`, () => action(path))).toThrow(
      expect.objectContaining({ code: "IO", message: `cannot use ${path}: ${words}` }) as Error,
    );
  }
});

test("an error without a name, or with one that nobody meets, keeps its message", () => {
  expect(describeErrno(new Error("odd"))).toBe("odd");
  expect(describeErrno(Object.assign(new Error("EPROTO: protocol error, read"), { code: "EPROTO" }))).toBe(
    "EPROTO: protocol error, read",
  );
});
