import { execFileSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { Container } from "../../src/lib/oci/container";
import { testImages } from "../helpers/images";
import { contentsOf, createNode, persistedState, pidOf, type Node } from "../helpers/node";

describe("on a disk that is full", () => {
  let node: Node;
  let filler: string;

  beforeAll(async () => {
    node = await createNode({}, ({ root }) => {
      mkdirSync(root);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m,mode=700", "kpod-test", root]);
    });
    await node.pod("shop");
    await node.ok("run", "-d", "--pod", "shop", "--name", "web", "busybox", "sleep", "1000");
    filler = join(node.world.root, "filler");
  }, 120_000);

  afterAll(async () => {
    await node.world.destroy();
  }, 120_000);

  /** Leaves so many bytes of the disk. */
  function fill(leave: number): void {
    const fd = openSync(filler, "w");
    const block = Buffer.alloc(4096, "x");
    let written = 0;
    try {
      for (;;) written += writeSync(fd, block);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    } finally {
      closeSync(fd);
    }
    truncateSync(filler, Math.max(0, written - leave));
  }

  // The more there is left, the later the step of the launch that meets the end.
  test.each([0, 4096, 8192, 12_288, 16_384, 20_480, 28_672, 32_768])(
    "but for %d bytes, a launch works or leaves nothing",
    async (leave) => {
      const before = contentsOf(node.world);
      fill(leave);
      try {
        for (const args of [
          ["run", "-d", "--pod", "shop", "busybox", "sleep", "1000"],
          ["pod", "run", "--cgroup-parent", node.world.cgroupParent],
        ]) {
          const { exitCode, stdout, stderr } = await node.kpod(...args);
          if (exitCode === 0) {
            expect(leave).toBeGreaterThan(8192);
            const removed = await node.kpod(
              ...(args[0] === "pod" ? ["pod", "rm", "-f"] : ["rm", "-f"]),
              stdout.trim(),
            );
            expect(removed).toMatchObject({ exitCode: 0, stdout });
            // Its end can be persisted for CRI-O where there is room.
            expect(removed.stderr).toMatch(
              /^(Warning: the end of container [^\n]* no space left on device\n)*$/,
            );
          } else {
            expect([exitCode, stdout]).toEqual([args[0] === "run" ? 125 : 1, ""]);
            expect(stderr).toMatch(/^Error: [^\n]*no space left on device[^\n]*\n$/);
          }
          const logs = (path: string): boolean => exitCode === 0 && path.startsWith(node.world.logDir);
          expect(contentsOf(node.world).filter((path) => path !== filler && !logs(path))).toEqual(
            before.filter((path) => !logs(path)),
          );
        }
      } finally {
        rmSync(filler);
      }
    },
  );

  test("a rename is rolled back, or left to be rolled back when there is space again", async () => {
    const { server } = await node.openServer();
    await server.update();
    const web = server.lookupContainer("web");
    fill(0);
    expect(await node.refusal("rename", "web", "cache")).toMatch(/no space left on device/);
    fill(4096);
    expect(await node.kpod("rename", "web", "cache")).toMatchObject({ exitCode: 1 });
    rmSync(filler);
    expect(await node.kpod("ps")).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(web.name) as string,
    });
    // Whatever changes something rolls it back first.
    expect(await node.kpod("pause", "web")).toMatchObject({ exitCode: 0 });
    await node.ok("unpause", "web");
    expect(readFileSync(join(web.dir, "config.json"), "utf8")).toContain(web.name);
    expect(readFileSync(join(web.dir, "config.json"), "utf8")).not.toContain("cache");
    expect(existsSync(join(node.world.root, "kpod"))).toBe(false);
  });

  test("a container can be killed and removed all the same", async () => {
    fill(0);
    expect(await node.kpod("kill", "web")).toMatchObject({ exitCode: 0 });
    expect(await node.ok("ps", "-a")).toContain("Exited (137)");
    await node.ok("rm", "web");
    rmSync(filler);
    await node.agree();
  });
});

describe("on a store that can only be read", () => {
  let node: Node;
  let web: Container;

  beforeAll(async () => {
    node = await createNode();
    web = await node.start(await node.pod("shop"), "web", "sleep 1000");
    const { root } = node.world;
    execFileSync("mount", ["--bind", root, root]);
    execFileSync("mount", ["-o", "remount,ro,bind", root]);
  }, 120_000);

  afterAll(async () => {
    await node.world.destroy();
  }, 120_000);

  test.each([
    ["run", ["run", "-d", "--pod", "shop", "busybox", "true"]],
    ["pod run", ["pod", "run"]],
    ["rename", ["rename", "web", "cache"]],
    ["load", ["load", "--tag", "localhost/other:1", testImages().pause.ociArchive]],
  ])("%s says so and changes nothing", async (_, args) => {
    const before = contentsOf(node.world);
    expect(await node.refusal(...args)).toMatch(/read-only file system/);
    expect(contentsOf(node.world)).toEqual(before);
  });

  test("ps and pod ps work and warn of nothing", async () => {
    expect(await node.ok("ps", "-q", "--no-trunc")).toBe(`${web.id}\n`);
    expect(await node.ok("pod", "ps")).toContain(" Ready ");
  });

  test("what a runtime does is done, with a warning that it cannot be persisted", async () => {
    for (const verb of ["pause", "unpause"]) {
      const { exitCode, stdout, stderr } = await node.kpod(verb, "web");
      expect([exitCode, stdout]).toEqual([0, `${web.id}\n`]);
      expect(stderr).toMatch(
        /^Warning: the state of container .* is not persisted: .*: read-only file system\n$/,
      );
    }
    expect(persistedState(web).status).toBe("running");
    const { exitCode, stdout, stderr } = await node.kpod("kill", "web");
    expect([exitCode, stdout]).toEqual([0, `${web.id}\n`]);
    expect(stderr).toMatch(
      /^(Warning: the (end|state) of container .* is not persisted: .*: read-only file system\n){2}$/,
    );
    expect(await node.ok("ps", "-a")).toContain("Exited (137)");
    expect(existsSync(`/proc/${pidOf(web)}`)).toBe(false);
  });

  test("removing is refused, and nothing of the store is half gone", async () => {
    expect(await node.refusal("rm", "-f", "web")).toMatch(/read-only file system/);
    execFileSync("umount", [node.world.root]);
    await node.agree();
    await node.ok("rm", "web");
    await node.agree();
  });
});
