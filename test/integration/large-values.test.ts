import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "../../src/lib/oci/container";
import type { StorageId } from "../../src/lib/names/ids";
import { tracesOf, useNode, usePod } from "../helpers/node";

/** Long enough that a pattern which takes a place on the stack for each character fails. */
const megabytes = 16 * 1024 * 1024;
const plain = "x".repeat(megabytes);
/** Each pair of characters is one that is escaped in JSON. */
const quotes = '\\"'.repeat(megabytes / 2);
/** Larger than JavaScript counts. */
const numbers =
  '"int64":9223372036854775807,"uint64":18446744073709551615,"small":1e-400,"list":[-9223372036854775808]';

const node = useNode();
const pod = usePod(node, "shop");
let big: Container;

beforeAll(async () => {
  big = await node.start(pod, "big", "sleep 1000");
}, 120_000);

/** Puts more into a JSON file than its writer did: at the beginning of the first object behind a text. */
function stuff(path: string, behind: string, more: string): void {
  const text = readFileSync(path, "utf8");
  const at = text.indexOf("{", text.indexOf(behind)) + 1;
  expect(at).toBeGreaterThan(0);
  writeFileSync(path, `${text.slice(0, at)}${more},${text.slice(at)}`);
}

const looks: readonly (readonly string[])[] = [
  ["ps", "-a", "--no-trunc"],
  ["ps", "-a", "--format", "json"],
  ["ps", "-a", "--format", "table {{.Command}} {{.Labels}}"],
  ["ps", "-a", "--filter", "label=big"],
  ["inspect", "big"],
  ["inspect", "--format", "{{.Name}}", "big"],
  ["pod", "ps"],
  ["pod", "inspect", "shop"],
  ["images"],
  ["info"],
  ["stats", "--no-stream"],
  ["logs", "big"],
  ["__complete", "rm", ""],
];

test.each([
  ["plain", plain],
  ["escaped", quotes],
])(
  "texts of 16 MB, %s, and numbers of 64 bits are shown, and survive a change",
  async (_, text) => {
    const name = `renamed-${text.endsWith("x") ? "plain" : "escaped"}`;
    const { root } = node.world;
    const config = join(big.dir, "config.json");
    const state = join(big.dir, "state.json");
    const records = join(root, "overlay-containers/containers.json");
    const layers = join(root, "overlay-layers/layers.json");
    const mounts = join(node.world.runRoot, "overlay-layers/mountpoints.json");
    const before = [config, state, records, layers, mounts].map(
      (path) => [path, readFileSync(path)] as const,
    );
    stuff(config, '"annotations"', `"big":"${text}"`);
    stuff(config, "", `"unknown":{${numbers}}`);
    stuff(state, '"annotations"', `"big":"${text}"`);
    stuff(state, "", `"unknown":{${numbers}}`);
    stuff(records, "", `"unknown":{${numbers},"text":"${text}"}`);
    stuff(layers, "", `"unknown":{${numbers},"text":"${text}"}`);
    stuff(mounts, "", `"unknown":{${numbers}}`);
    try {
      for (const args of looks) {
        const { exitCode, stderr } = await node.kpod(...args);
        expect({ args, exitCode, stderr }).toEqual({ args, exitCode: 0, stderr: "" });
      }
      await node.ok("rename", big.id, name);
      await node.ok("pause", big.id);
      await node.ok("unpause", big.id);
      const { store } = (await node.openServer()).server;
      await store.mount(big.layerId as StorageId);
      await store.unmount(big.layerId as StorageId);
      for (const path of [config, state, records, layers, mounts]) {
        const now = readFileSync(path, "utf8");
        expect([path, now.includes(numbers)]).toEqual([path, true]);
        if (path !== mounts) expect([path, now.includes(text)]).toEqual([path, true]);
      }
      expect((await node.ok("inspect", "-f", "{{.Name}}", big.id)).trim()).toBe(name);
    } finally {
      for (const [path, bytes] of before) writeFileSync(path, bytes);
    }
  },
  120_000,
);

test("a command of 16 MB is shown, and its container removed", async () => {
  const text = readFileSync(join(big.dir, "config.json"), "utf8");
  const spec = JSON.parse(text) as { process: { args: string[] }; annotations: Record<string, string> };
  spec.process.args.push(plain, quotes);
  spec.annotations["io.kubernetes.cri-o.Labels"] = JSON.stringify({ tier: plain });
  writeFileSync(join(big.dir, "config.json"), JSON.stringify(spec));
  for (const args of looks.filter((words) => !words.includes("label=big"))) {
    const { exitCode, stderr } = await node.kpod(...args);
    expect({ args, exitCode, stderr }).toEqual({ args, exitCode: 0, stderr: "" });
  }
  expect(await node.ok("ps", "-q", "--no-trunc", "--filter", `label=tier=${"x".repeat(100)}`)).toBe("");
  await node.ok("rm", "-f", big.id);
  expect(tracesOf(node.world, big)).toEqual([]);
  await node.agree();
}, 120_000);

test.each([9223372036854775807n, -9223372036854775808n, 253402300800n])(
  "a container that was made at second %s is shown",
  async (second) => {
    const { id } = await node.create(pod, `at-${String(second).slice(-5)}`, "true");
    const records = join(node.world.root, "overlay-containers/containers.json");
    const text = readFileSync(records, "utf8");
    writeFileSync(
      records,
      text
        .replace(new RegExp(`("id":"${id}".*?created-at\\\\":)\\d+`), `$1${second}`)
        .replace(new RegExp(`("id":"${id}".*?),"created":"[^"]*"`), "$1"),
    );
    for (const args of looks.filter((words) => !words.includes("big"))) {
      const { exitCode, stderr } = await node.kpod(...args);
      expect({ args, exitCode, stderr }).toEqual({ args, exitCode: 0, stderr: "" });
    }
    await node.ok("rm", id);
  },
);
