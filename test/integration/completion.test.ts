import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { shells } from "../../src/program/completion/scripts/completion-script";
import { completionStore } from "../helpers/completion-store";
import { KPOD } from "../helpers/kpod";
import { runProcess, type ProcessResult } from "../helpers/process";
import { startLocker } from "../helpers/record-lock";
import { completionFiles } from "../helpers/shells";
import { testdir, writeTree } from "../helpers/testdir";

const names = "cache\tpaused, localhost/busybox:latest, pod default/shop\n";

function kpod(...args: string[]): Promise<ProcessResult> {
  return runProcess(KPOD, args);
}

/** A node whose runtime leaves a file behind when it is called. */
function node(): { directory: string; config: string; called: string } {
  const directory = testdir(completionStore());
  const within = (name: string) => join(directory, name);
  writeTree(directory, {
    "crio.conf": `
[crio]
root = "${within("root")}"
runroot = "${within("runroot")}"
[crio.runtime]
default_runtime = "trap"
container_exits_dir = "${within("exits")}"
[crio.runtime.runtimes.trap]
runtime_path = "${within("trap")}"
runtime_root = "${within("states")}"
`,
    // One without the directory of its states has none, and is not asked.
    "states/": null,
    trap: { content: `#!/bin/sh\ntouch ${within("called")}\n`, mode: 0o755 },
  });
  return { directory, config: within("crio.conf"), called: within("called") };
}

test.each(shells)("kpod completion %s prints the script that is in the package", async (shell) => {
  expect(await kpod("completion", shell)).toEqual({
    exitCode: 0,
    stdout: readFileSync(completionFiles[shell], "utf8"),
    stderr: "",
  });
});

test("there is none for another shell", async () => {
  expect(await kpod("completion", "tcsh")).toEqual({
    exitCode: 2,
    stdout: "",
    stderr:
      'Error: no completion for shell "tcsh": it must be bash, zsh or fish\n' +
      "Run 'kpod completion --help' for help.\n",
  });
});

test("names are answered while somebody holds the store's locks, and no runtime is asked", async () => {
  const { directory, config, called } = node();
  const locker = startLocker(join(directory, "root/overlay-containers/containers.lock"));
  expect(await locker.lock("posix", "write")).toBe(true);
  // With this kpod would wait for ever.
  const forever = ["--lock-timeout", "0", "-c", config];
  expect(await kpod(...forever, "__complete", "unpause", "")).toEqual({
    exitCode: 0,
    stdout: names,
    stderr: "",
  });
  expect(existsSync(called)).toBe(false);
  await locker.unlock("posix");
  // It is this runtime that kpod would ask.
  await kpod("-c", config, "ps");
  expect(existsSync(called)).toBe(true);
});

test.each([
  [["__complete"]],
  [["__complete", "bogus", ""]],
  [["--root", "/nowhere", "__complete", "rm", ""]],
  [["-c", "/nowhere.conf", "__complete", "rm", ""]],
  [["--log-level", "debug", "-c", "/nowhere.conf", "__complete", "rm", ""]],
  [["-c", "/dev/null/x", "-s", "btrfs", "__complete", "rm", "x"]],
])("kpod %j says nothing, and that all is well", async (args) => {
  expect(await kpod(...args)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
});

test("a shell that has gone away is no error", async () => {
  const { config } = node();
  const line = `"$0" -c "$1" __complete rm "" | true; echo "\${PIPESTATUS[0]}"`;
  expect(await runProcess("bash", ["-c", line, KPOD, config])).toEqual({
    exitCode: 0,
    stdout: "0\n",
    stderr: "",
  });
});
