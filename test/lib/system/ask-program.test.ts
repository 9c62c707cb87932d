import { askProgram } from "../../../src/lib/system/ask-program";

const call = { interrupted: "it was interrupted", signal: undefined, logger: undefined };

test("what a program complains of is told, and why one could not be started", async () => {
  expect(await askProgram("sh", ["-c", "echo bad >&2; exit 3"], call)).toEqual({
    failed: true,
    exitCode: 3,
    stdout: "",
    stderr: "bad",
  });
  expect(await askProgram("no-such-program", [], call)).toEqual({
    failed: true,
    exitCode: undefined,
    stdout: "",
    stderr: "spawn no-such-program ENOENT",
  });
});
