import { runProcess, succeeded } from "./process";

test("gives output, errors and exit code", async () => {
  const result = await runProcess("sh", ["-c", "cat; echo bad >&2; exit 3"], { input: "good" });
  expect(result).toEqual({ stdout: "good", stderr: "bad\n", exitCode: 3 });
});

test("an end by a signal counts as a shell counts it", async () => {
  const { exitCode } = await runProcess("sh", ["-c", "kill -TERM $$"]);
  expect(exitCode).toBe(143);
});

test("variables can be set and removed", async () => {
  const script = "echo ${MINE-unset} ${HOME-unset} ${NODE_EXTRA_CA_CERTS-unset}";
  const { stdout } = await runProcess("sh", ["-c", script], { env: { MINE: "1", HOME: undefined } });
  expect(stdout).toBe("1 unset unset\n");
});

test("input that nobody reads is no error", async () => {
  const { exitCode } = await runProcess("true", [], { input: "x".repeat(1 << 20) });
  expect(exitCode).toBe(0);
});

test("a program that is not there rejects", async () => {
  await expect(runProcess("/no/such/program", [])).rejects.toThrow("ENOENT");
});

test("what takes too long is killed, and its output is told", async () => {
  const running = runProcess("sh", ["-c", "echo begun; exec sleep 60"], { timeout: 1500 });
  await expect(running).rejects.toThrow("is still running; its output: begun");
});

test("a program that leaves its output to another is found out", async () => {
  const running = runProcess("sh", ["-c", "sleep 2 &"], { timeout: 1000 });
  await expect(running).rejects.toThrow("something holds its output open");
});

test("an exit code that is not 0 is an error where one asks for success", () => {
  const result = { stdout: "out", stderr: "err", exitCode: 2 };
  expect(() => succeeded(result, "it")).toThrow("it ended with exit code 2: outerr");
});
