import { commandError, lastErrorIn } from "../../../../src/lib/oci/runtime/command-failure";

test.each([
  [
    'exec failed: unable to start container process: exec: "x": executable file not found in $PATH',
    "COMMAND_NOT_FOUND",
  ],
  [
    'exec failed: unable to start container process: exec: "/x": stat /x: no such file or directory',
    "COMMAND_NOT_FOUND",
  ],
  ["executable file `x` not found in $PATH: No such file or directory", "COMMAND_NOT_FOUND"],
  ["exec: No such file or directory", "COMMAND_NOT_FOUND"],
  [
    'exec failed: unable to start container process: exec: "/etc": permission denied',
    "COMMAND_NOT_EXECUTABLE",
  ],
  ["open executable: Permission denied", "COMMAND_NOT_EXECUTABLE"],
  ["exec: Exec format error", "COMMAND_NOT_EXECUTABLE"],
  ["chdir `/nope`: No such file or directory", "RUNTIME_FAILED"],
  [
    "exec failed: unable to start container process: error closing exec fds: open /proc/self/fd: no such file or directory",
    "RUNTIME_FAILED",
  ],
  ["", "RUNTIME_FAILED"],
])("%s", (said, code) => {
  const error = commandError(said, "cannot exec in web");
  expect(error.code).toBe(code);
  expect(error.message).toMatch(/^cannot exec in web: (?!exec failed|unable to start)/);
});

test("of a log only errors count, and of these the last", () => {
  const lines = [
    '{"level":"warning","msg":"odd"}',
    '{"level":"error","msg":"one"}',
    "no json",
    '{"level":"error","msg":"two"}',
  ];
  expect(lastErrorIn(`${lines.join("\n")}\n`)).toBe("two");
  expect(lastErrorIn('{"level":"warning","msg":"odd"}\n{"level":"err')).toBeUndefined();
  expect(lastErrorIn("")).toBeUndefined();
});
