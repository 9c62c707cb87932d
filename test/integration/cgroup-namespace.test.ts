import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cgroupHierarchies } from "../../src/lib/cgroups/mounts";
import type { Container } from "../../src/lib/oci/container";
import { KPOD } from "../helpers/kpod";
import { useNode } from "../helpers/node";
import { runProcess } from "../helpers/process";

const node = useNode();
let web: Container;

beforeAll(async () => {
  web = await node.start(await node.pod("shop"), "web", "exec sleep 1000");
}, 120_000);

/** Runs `kpod stats` in a cgroup namespace whose roots are a cgroup of its own. */
async function statsIn(place: string): Promise<unknown> {
  const own = cgroupHierarchies()
    .filter((path) => !existsSync(join(path, "cpuset.cpus")))
    .map((path) => join(path, place));
  for (const path of own) mkdirSync(path, { recursive: true });
  const enter = own.map((path) => `echo $$ > ${path}/cgroup.procs`).join("; ");
  const words = [KPOD, "--config", node.world.config, "stats", "--no-stream", "--json"];
  const script = `set -e; ${enter}; exec unshare --cgroup "$@"`;
  const { exitCode, stdout, stderr } = await runProcess("bash", ["-c", script, "bash", ...words]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return JSON.parse(stdout);
}

const numbers = (): unknown => [
  expect.objectContaining({
    container: web.id,
    cpu: expect.any(Number) as number,
    mem_usage: expect.any(Number) as number,
    mem_limit: expect.any(Number) as number,
    block_input: expect.any(Number) as number,
    pids: 1,
  }),
];

test("the container's path is seen from elsewhere", () => {
  expect(readFileSync("/proc/self/cgroup", "utf8")).not.toContain(web.id);
});

test.each([
  ["beside the container's", () => `${node.world.cgroupParent}/kpod`],
  ["further down", () => `${node.world.cgroupParent}/else/where`],
  ["above it", () => node.world.cgroupParent],
])("stats have their numbers in a cgroup namespace %s", async (_, place) => {
  expect(await statsIn(place())).toEqual(numbers());
});
