import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../../scripts/lib/layout.mjs";
import type { Container } from "../../src/lib/oci/container";
import { contentsOf, logOf, persistedState, pidOf, useNode, usePod } from "../helpers/node";

const runtimes = (["runc", "crun"] as const).filter((name) => findProgram(name) !== undefined);

describe.each(runtimes)("create, start and restart under %s", (runtime) => {
  const node = useNode({ runtime });
  const pod = usePod(node, "shop");

  async function containerOf(name: string): Promise<Container> {
    const { server } = await node.openServer();
    await server.update();
    return server.lookupContainer(name);
  }

  /** A container that counts its runs in its own files, and then waits. */
  const counting = "trap 'exit 0' TERM; echo x >> /runs; cat /runs | wc -l; while :; do sleep 0.1; done";

  test("what is created waits, is started, and is started again with its id, files and log", async () => {
    const args = ["--pod", "shop", "--name", "web", "-e", "PORT=80", "busybox", "sh", "-c", counting];
    const id = (await node.ok("create", ...args)).trim();
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    let container = await containerOf(id);
    expect(container.state?.status).toBe("created");
    expect(logOf(container)).toBe("");

    expect(await node.ok("start", "web")).toBe(`${id}\n`);
    container = await containerOf(id);
    const first = pidOf(container);
    expect(container).toMatchObject({ state: { status: "running" }, metadata: { attempt: 0 } });
    expect(await node.ok("start", "web")).toBe(`${id}\n`);
    expect(pidOf(container)).toBe(first);

    await node.ok("update", "--pids-limit", "77", "web");
    expect(await node.ok("restart", "-t", "5", "web")).toBe(`${id}\n`);
    container = await containerOf("web");
    expect(container).toMatchObject({
      id,
      name: expect.stringMatching(/^k8s_web_shop_default_.*_1$/) as string,
      state: { status: "running" },
      metadata: { name: "web", attempt: 1 },
    });
    expect(pidOf(container)).not.toBe(first);
    expect(container.spec.linux?.resources?.pids).toEqual({ limit: 77 });
    expect(persistedState(container)).toMatchObject({
      id,
      status: "running",
      finished: "0001-01-01T00:00:00Z",
    });
    expect(existsSync(join(container.dir, "exit"))).toBe(false);

    await node.ok("stop", "web");
    expect(await node.ok("ps", "-aq", "-f", "exited=0", "--no-trunc")).toBe(`${id}\n`);
    await node.ok("start", "web");
    container = await containerOf("web");
    expect(container.metadata.attempt).toBe(2);
    expect(await node.ok("exec", "web", "sh", "-c", "cat /runs; echo $PORT")).toBe("x\nx\nx\n80\n");
    expect(logOf(container)).toBe("1\n2\n3\n");
    await node.agree();
    await node.ok("rm", "-f", "web");
    await node.agree();
  });

  test("the next attempt is one that no other container of the name has", async () => {
    const { id } = await node.start(pod, "twice", "exit 3");
    await node.ok("wait", id);
    await node.ok("restart", id);
    await node.ok("wait", id);
    // Its first name is free again.
    const other = await node.create(pod, "twice", "exit 4");
    await node.ok("start", other.id);
    await node.ok("wait", other.id);
    await node.ok("start", other.id);
    expect([
      (await containerOf(id)).metadata.attempt,
      (await containerOf(other.id)).metadata.attempt,
    ]).toEqual([1, 2]);
    await node.ok("rm", "-f", id, other.id);
  });

  test("a terminal that its spec asks for, as CRI-O's do, it has again", async () => {
    const container = await node.start(pod, "shell", "test -t 1 && echo terminal || echo none");
    await node.ok("wait", "shell");
    for (const directory of [container.dir, container.bundlePath]) {
      const path = join(directory, "config.json");
      const text = readFileSync(path, "utf8");
      const withTerminal = text.replace('"process": {', '"process": {\n\t\t"terminal": true,');
      writeFileSync(path, withTerminal.replace('cri-o.TTY": "false"', 'cri-o.TTY": "true"'));
    }
    await node.ok("start", "shell");
    await node.ok("wait", "shell");
    expect(logOf(container).replaceAll("\r", "")).toBe("none\nterminal\n");
    await node.ok("rm", "shell");
  });

  test("what cannot be started again stays as it ended", async () => {
    const container = await node.start(pod, "broken", "exit 3");
    await node.ok("wait", "broken");
    const exit = join(container.dir, "exit");
    const { mtimeMs } = statSync(exit);
    const spec = join(container.bundlePath, "config.json");
    const counts = join(node.world.runRoot, "overlay-layers/mountpoints.json");
    const mounted = readFileSync(counts, "utf8");
    await node.ok("ps", "-a");
    renameSync(spec, `${spec}.away`);
    expect(await node.refusal("start", "broken")).toMatch(/could not create the container: /);
    expect(readFileSync(exit, "utf8").trim()).toBe("3");
    expect(statSync(exit).mtimeMs).toBeCloseTo(mtimeMs, 0);
    const after = await containerOf("broken");
    expect(after).toMatchObject({
      id: container.id,
      name: container.name,
      metadata: { attempt: 0 },
      state: { status: "stopped", exitCode: 3 },
    });
    expect(persistedState(after)).toMatchObject({ status: "stopped", exitCode: 3 });
    expect(readFileSync(counts, "utf8")).toBe(mounted);
    renameSync(`${spec}.away`, spec);
    await node.ok("start", "broken");
    await node.ok("wait", "broken");
    expect((await containerOf("broken")).metadata.attempt).toBe(1);
    await node.ok("rm", "broken");
    await node.agree();
  });
});

describe("what is refused", () => {
  const node = useNode();
  const pod = usePod(node, "shop");

  test("a paused one, an unknown one, one whose pod has ended: nothing changes", async () => {
    await node.start(pod, "frozen", "sleep 1000");
    await node.ok("pause", "frozen");
    const before = contentsOf(node.world);
    expect(await node.refusal("restart", "frozen")).toMatch(
      /^cannot restart container .*: it is paused: unpause it$/,
    );
    expect(await node.refusal("start", "frozen")).toMatch(/: it is paused: unpause it$/);
    expect(await node.refusal("start", "nobody")).toContain("nobody");
    expect(contentsOf(node.world)).toEqual(before);
    await node.ok("unpause", "frozen");

    const config = join(node.world.scratch, "without-conmon.conf");
    const conmon = JSON.stringify(findProgram("conmon"));
    writeFileSync(config, readFileSync(node.world.config, "utf8").replaceAll(conmon, '"/nowhere/conmon"'));
    const { stderr } = await node.kpod("-c", config, "restart", "-t", "0", "frozen");
    expect(stderr).toMatch(/^Error: .*\/nowhere\/conmon.*: install it/);
    expect(await node.ok("ps", "-q", "-f", "name=frozen")).not.toBe("");

    const parent = ["--cgroup-parent", node.world.cgroupParent];
    await node.ok("create", "--name", "alone", ...parent, "busybox", "sleep", "1000");
    await node.ok("restart", "alone");
    const { server } = await node.openServer();
    await server.update();
    process.kill(pidOf(server.lookupSandbox("alone").infraContainer), "SIGKILL");
    await node.ok("wait", "--condition", "running", "alone");
    expect(await node.refusal("restart", "-t", "0", "alone")).toBe(
      "pod alone is not ready: its infra container does not run: make another pod",
    );
    expect(await node.ok("ps", "-q", "-f", "name=alone")).not.toBe("");
    await node.ok("pod", "rm", "-f", "alone");
  });

  test("wrong usage", async () => {
    for (const args of [["start"], ["restart", "-t", "-1", "x"], ["create", "--detach", "busybox"]]) {
      expect(await node.kpod(...args)).toMatchObject({ exitCode: 2, stdout: "" });
    }
  });
});
