import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "../../src/lib/oci/container";
import { kernelOf } from "../helpers/cgroup-values";
import { useNode, usePod } from "../helpers/node";
import { findProgram } from "../../scripts/lib/layout.mjs";

const mebibyte = 1024 * 1024;

/** The directories of a container's config.json: the one that lives through a reboot, and the bundle. */
function specsOf({ dir, bundlePath }: Container) {
  return [dir, bundlePath].map((directory) => {
    const text = readFileSync(join(directory, "config.json"), "utf8");
    return { text, spec: JSON.parse(text) as { linux: { resources: Record<string, unknown> } } };
  });
}

const memoryOf = (container: Container) =>
  kernelOf(container, "memory", "memory.limit_in_bytes", "memory.max");
const pidsOf = (container: Container) => kernelOf(container, "pids", "pids.max", "pids.max");

const runtimes = (["runc", "crun"] as const).filter((name) => findProgram(name) !== undefined);

describe.each(runtimes)("under %s", (runtime) => {
  const node = useNode({ runtime });
  const pod = usePod(node, "shop");

  test("limits are the kernel's at once, and stand in both copies of config.json with all else as it was", async () => {
    const container = await node.start(pod, "web", "sleep 1000");
    for (const { dir } of [container]) {
      const path = join(dir, "config.json");
      const text = readFileSync(path, "utf8");
      writeFileSync(path, text.replace('"linux": {', '"linux": {\n\t\t"unknown": 12345678901234567890,'));
    }
    const before = specsOf(container).map(({ spec }) => spec);
    const words = ["--memory", "64m", "--cpus", "0.5", "--cpu-shares", "512", "--cpuset-cpus", "0"];
    expect(await node.ok("update", ...words, "--pids-limit", "77", "web")).toBe(`${container.id}\n`);
    expect(memoryOf(container)).toBe(String(64 * mebibyte));
    expect(pidsOf(container)).toBe("77");
    expect(kernelOf(container, "cpuset", "cpuset.cpus", "cpuset.cpus")).toBe("0");
    expect(kernelOf(container, "cpu", "cpu.cfs_quota_us", "cpu.max")).toMatch(/^50000( 100000)?$/);
    const resources = {
      memory: expect.objectContaining({ limit: 64 * mebibyte }) as unknown,
      cpu: expect.objectContaining({ quota: 50_000, period: 100_000, shares: 512, cpus: "0" }) as unknown,
      pids: { limit: 77 },
    };
    for (const [index, { spec, text }] of specsOf(container).entries()) {
      const old = before[index];
      expect(spec).toEqual({
        ...old,
        linux: { ...old?.linux, resources: { ...old?.linux.resources, ...resources } },
      });
      expect(text).toContain("\n\t");
    }
    expect(specsOf(container)[0]?.text).toContain('"unknown": 12345678901234567890,');
    expect(JSON.parse(await node.ok("inspect", "web"))).toMatchObject({ ID: container.id });
    await node.agree();
  });

  test("limits are lifted; what is not named stays", async () => {
    const container = await node.start(pod, "lifted", "sleep 1000");
    await node.ok("update", "-m", "64m", "--pids-limit", "77", "lifted");
    await node.ok("update", "--memory", "-1", "lifted");
    expect(Number(memoryOf(container)) > 2 ** 60 || memoryOf(container) === "max").toBe(true);
    expect(pidsOf(container)).toBe("77");
    expect(readdirSync(container.bundlePath).filter((name) => name.startsWith("update"))).toEqual([]);
  });

  // crun 1.8 hands -1 to the kernel as it is, which refuses it.
  (runtime === "runc" ? test : test.skip)("processors and processes are without a limit again", async () => {
    const container = await node.start(pod, "bounded", "sleep 1000");
    await node.ok("update", "--cpus", "0.5", "--pids-limit", "77", "bounded");
    await node.ok("update", "--cpus", "0", "--pids-limit", "-1", container.id);
    expect(pidsOf(container)).toBe("max");
    expect(kernelOf(container, "cpu", "cpu.cfs_quota_us", "cpu.max")).toMatch(/^(-1|max 100000)$/);
  });

  test("a paused container is changed, too", async () => {
    const container = await node.start(pod, "frozen", "sleep 1000");
    await node.ok("pause", "frozen");
    await node.ok("update", "--pids-limit", "55", "frozen");
    expect(pidsOf(container)).toBe("55");
    expect(await node.ok("ps", "-q", "--no-trunc", "--filter", "status=paused")).toBe(`${container.id}\n`);
    await node.ok("unpause", "frozen");
  });

  test("what the kernel refuses changes nothing", async () => {
    const container = await node.start(pod, "refused", "sleep 1000");
    const before = specsOf(container).map(({ text }) => text);
    expect(await node.refusal("update", "--cpuset-cpus", "4000", "refused")).toMatch(/update failed: /);
    expect(specsOf(container).map(({ text }) => text)).toEqual(before);
  });

  test("of one that has stopped the spec alone changes", async () => {
    const container = await node.start(pod, "ended", "exit 0");
    await node.ok("wait", "ended");
    await node.ok("update", "-m", "1g", "ended");
    for (const { spec } of specsOf(container)) {
      expect(spec.linux.resources).toMatchObject({ memory: { limit: 1024 * mebibyte } });
    }
    expect(await node.ok("ps", "-a", "-f", "exited=0", "-q", "--no-trunc")).toContain(container.id);
  });
});

describe("bad input", () => {
  const node = useNode();

  test.each([
    [[], "nothing to update: give --memory, --cpus, --pids-limit or another limit"],
    [["-m", "much"], 'invalid size "much" for --memory: give bytes, or a number with k, m or g'],
    [["-m", "0"], 'invalid size "0" for --memory: give bytes, or a number with k, m or g'],
    [["--memory-swap", "-2"], 'invalid size "-2" for --memory-swap: give bytes, or a number with k, m or g'],
  ])("%j is wrong usage", async (words, message) => {
    const { exitCode, stderr } = await node.kpod("update", ...words, "web");
    expect({ exitCode, first: stderr.split("\n")[0] }).toEqual({ exitCode: 2, first: `Error: ${message}` });
  });

  test("a container that nobody knows", async () => {
    expect(await node.refusal("update", "--cpus", "1", "nobody")).toContain("nobody");
  });
});
