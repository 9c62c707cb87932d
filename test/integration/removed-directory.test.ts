import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { testImages } from "../helpers/images";
import { KPOD, isExecutable } from "../helpers/kpod";
import { tracesOf, useNode } from "../helpers/node";
import { runProcess, type ProcessResult } from "../helpers/process";

const node = useNode();

beforeAll(async () => {
  await node.pod("shop");
}, 120_000);

/** Runs kpod from a directory that is gone by then. */
function fromNowhere(...args: string[]): Promise<ProcessResult> {
  const { scratch, config } = node.world;
  const gone = join(scratch, "gone");
  mkdirSync(gone);
  const script = 'cd "$1" && rmdir "$1" && shift && exec "$@"';
  return runProcess("sh", ["-c", script, "sh", gone, KPOD, "--config", config, ...args]);
}

async function ok(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await fromNowhere(...args);
  expect({ args, exitCode, stderr }).toEqual({ args, exitCode: 0, stderr: "" });
  return stdout.trim();
}

if (!isExecutable) {
  test("from a directory that was removed everything works as from any other", async () => {
    const id = await ok("run", "-d", "--pod", "shop", "--name", "job", "busybox", "sleep", "1000");
    expect(await ok("ps", "-q", "--no-trunc")).toBe(id);
    // Its runtime is asked where its files do not tell.
    expect(await ok("info", "--format", "{{range .Runtimes}}{{.Version}}\n{{end}}")).toMatch(/^runc version/);
    expect(await ok("pause", "job")).toBe(id);
    expect(await ok("unpause", "job")).toBe(id);
    expect(await ok("stop", "-t", "0", "job")).toBe(id);
    expect(await ok("rename", "job", "done")).toBe("");
    const { server } = await node.openServer();
    await server.update();
    const container = server.lookupContainer(id);
    expect(await ok("rm", "done")).toBe(id);
    expect(tracesOf(node.world, container)).toEqual([]);
    expect(await ok("run", "--rm", "--pod", "shop", "busybox", "echo", "hello")).toBe("hello");
    await node.agree();
  });

  test("an archive is loaded, packed or not", async () => {
    const { layout, name } = testImages().busybox;
    const archive = join(node.world.scratch, "busybox.tar");
    execFileSync("tar", ["-C", layout, "-cf", archive, "."]);
    expect(await ok("load", "--tag", "localhost/loaded:1", archive)).toContain("localhost/loaded:1");
    const packed = `${archive}.gz`;
    execFileSync("gzip", ["--keep", archive]);
    expect(await ok("load", "--tag", "localhost/loaded:2", packed)).toContain("localhost/loaded:2");
    expect(name).toContain("busybox");
  });

  test.each([
    [
      ["--root", "store", "ps"],
      /^Error: option --root: store is relative, and the working directory has been removed: /,
    ],
    [
      ["--config", "crio.conf", "ps"],
      /^Error: cannot read configuration file crio.conf: no such file or directory/,
    ],
    [
      ["load", "-i", "image.tar"],
      /^Error: the archive: image.tar is relative, and the working directory has been removed: /,
    ],
    [
      ["run", "--pod", "shop", "-v", "here:/there", "busybox", "true"],
      /^Error: the volume: here is relative, and the working directory has been removed: /,
    ],
  ])("a relative path leads nowhere, which is said: kpod %j", async (args, message) => {
    const { exitCode, stdout, stderr } = await fromNowhere(...args);
    expect([exitCode, stdout]).toEqual([args[0] === "run" ? 125 : 1, ""]);
    expect(stderr).toMatch(message);
  });
} else {
  test("the engine of the executable does not start there, and says so", async () => {
    const { exitCode, stdout, stderr } = await fromNowhere("ps");
    expect([exitCode, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(
      /^error: The current working directory was deleted.* Please cd into a different directory/,
    );
  });
}
