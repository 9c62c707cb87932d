import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { NodeState } from "../../src/lib/operations/node-state";
import { useNode, usePod } from "../helpers/node";
import { expectToFit } from "../helpers/schemas";

const node = useNode();
const pod = usePod(node, "shop");
const file = (name: string): string => join(node.world.scratch, name);

interface Difference {
  part: string;
  kind: string;
  name: string;
  fields: { field: string; before: string | null; after: string | null }[];
}

async function differences(...args: string[]): Promise<Difference[]> {
  const { exitCode, stdout, stderr } = await node.kpod("state", "diff", "--format", "json", ...args);
  expect({ args, exitCode, stderr }).toEqual({ args, exitCode: stdout.includes("[]") ? 0 : 1, stderr: "" });
  const printed = JSON.parse(stdout) as { differences: Difference[] };
  expectToFit("state-diff", printed);
  return printed.differences;
}

beforeAll(async () => {
  await node.start(pod, "web", "sleep 1000", { env: ["DB_PASSWORD=hunter22"] });
  await node.start(pod, "job", "exit 3");
  await node.ok("wait", "job");
});

test("keeps what there is, and what differs from it later, by name", async () => {
  const before = file("before.json");
  await node.ok("state", "save", before);
  const text = readFileSync(before, "utf8");
  expect(text).not.toContain("hunter22");
  const state = JSON.parse(text) as NodeState;
  expectToFit("state-save", state);
  expect(state.pods).toMatchObject([{ name: "shop", state: "Ready", attempt: 0 }]);
  const containers = state.containers.map(({ name, state: status, exitCode }) => [name, status, exitCode]);
  expect(containers.sort()).toEqual([
    ["job", "stopped", 3],
    ["web", "running", null],
  ]);
  expect(state.images.find(({ names }) => names[0] === "localhost/busybox:latest")?.digest).toMatch(
    /^sha256:/,
  );
  expect(state.layers.length).toBeGreaterThanOrEqual(4);
  expect(state.unread).toEqual([]);
  expect(await differences(before)).toEqual([]);
  expect(await node.ok("state", "diff", before, before)).toBe("");

  // Another container of that name, another name of an image, another configuration.
  await node.ok("rm", "job");
  await node.start(pod, "job", "exit 0");
  await node.ok("wait", "job");
  await node.ok("tag", "busybox", "localhost/other:1");
  const after = file("after.json");
  await node.ok("state", "save", after);
  const changed = JSON.parse(readFileSync(after, "utf8")) as { configuration: NodeState["configuration"] };
  (changed.configuration.values as Record<string, string>)["crio.runtime.pids_limit"] = "77";
  writeFileSync(after, JSON.stringify(changed));

  const found = await differences(before, after);
  const shown = found.map(({ part, kind, name }) => `${part} ${kind} ${name}`);
  expect(shown.filter((line) => !line.startsWith("layers "))).toEqual([
    "configuration changed crio.runtime.pids_limit",
    expect.stringMatching(/^containers changed \w+\/shop\/job$/) as string,
    "images added localhost/other:1",
  ]);
  expect(shown.filter((line) => line.startsWith("layers ")).map((line) => line.split(" ")[1])).toEqual(
    expect.arrayContaining(["added", "removed"]),
  );
  const job = found.find(({ part }) => part === "containers");
  expect(job?.fields).toEqual(
    expect.arrayContaining([
      {
        field: "id",
        before: expect.stringMatching(/^\w{64}$/) as string,
        after: expect.any(String) as string,
      },
      { field: "exit code", before: "3", after: "0" },
    ]),
  );
  const { exitCode, stdout } = await node.kpod("state", "diff", before, after);
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/^configuration:\n {2}~ crio\.runtime\.pids_limit: \S+ -> 77\ncontainers:\n/);
  expect(stdout).toContain("  + localhost/other:1: id ");
  expect(stdout).toContain("layers:\n  + 1  - 1\n");
});

test("what is no kept state is refused by one line, with 2", async () => {
  const bad = file("bad.json");
  for (const [text, why] of [
    ["[]", "it has no version"],
    ['{"version":1,"taken":"x"}', "host is missing or of another kind"],
    ['{"version":9}', "has the form 9"],
    ["{", "does not hold valid JSON"],
  ] as const) {
    writeFileSync(bad, text);
    const { exitCode, stdout, stderr } = await node.kpod("state", "diff", bad);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(/^Error: [^\n]+\n$/);
    expect(stderr).toContain(why);
  }
  expect((await node.kpod("state", "diff", file("none.json"))).stderr).toContain("is not there");
});
