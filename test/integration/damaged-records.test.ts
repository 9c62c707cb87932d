import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "../../src/lib/oci/container";
import { isAlive } from "../../src/lib/system/process";
import { testImages } from "../helpers/images";
import { persistImageById, pidOf, useNode, usePod } from "../helpers/node";
import { succeeded } from "../helpers/process";
import { expectToFit } from "../helpers/schemas";

const node = useNode();
const pod = usePod(node, "shop");
let web: Container;
let idle: Container;

beforeAll(async () => {
  web = await node.start(pod, "web", "sleep 1000");
  idle = await node.start(pod, "idle", "exit 3");
  await node.ok("wait", "idle");
}, 120_000);

const short = (id: string): string => id.slice(0, 13);

/** Runs kpod, which must succeed. @returns what it printed, and its warnings without their beginning */
async function warned(...args: string[]): Promise<{ stdout: string; warnings: string[] }> {
  const { exitCode, stdout, stderr } = await node.kpod(...args);
  expect({ args, exitCode, stderr }).toEqual({
    args,
    exitCode: 0,
    stderr: expect.stringMatching(/^(Warning: [^\n]+\n)*$/) as string,
  });
  return {
    stdout,
    warnings: stderr
      .split("\n")
      .slice(0, -1)
      .map((line) => line.slice("Warning: ".length)),
  };
}

/** Puts something else into a file of the store while an action is under way. */
async function without(
  file: string,
  content: (before: string) => string,
  action: () => Promise<void>,
): Promise<void> {
  const path = join(node.world.root, file);
  const before = readFileSync(path, "utf8");
  writeFileSync(path, content(before));
  try {
    await action();
  } finally {
    writeFileSync(path, before);
  }
}

const half = (text: string): string => text.slice(0, text.length / 2);

/** The records with the metadata of these cut in half. */
function cut(...ids: string[]): (text: string) => string {
  return (text) =>
    JSON.stringify(
      (JSON.parse(text) as { id: string; metadata: string }[]).map((record) =>
        ids.includes(record.id) ? { ...record, metadata: half(record.metadata) } : record,
      ),
    );
}

const records = "overlay-containers/containers.json";

test("a container and a pod with damaged metadata are shown in every list, as what they are", async () => {
  await without(records, cut(web.id, idle.id, pod.id), async () => {
    const about = [pod.id, web.id, idle.id].map((id) => expect.stringContaining(short(id)) as string);
    const all = (warnings: readonly string[]): void => {
      expect(warnings).toHaveLength(3);
      expect(warnings).toEqual(expect.arrayContaining(about));
      for (const warning of warnings) expect(warning).toContain("its metadata are not JSON");
    };
    const ps = await warned(
      "ps",
      "-a",
      "--pod",
      "--format",
      "{{.ID}} {{.State}} {{.Names}} {{.Image}} {{.Pod}}",
    );
    expect(ps.stdout.split("\n").sort()).toEqual(
      [
        "",
        `${short(web.id)} running ${web.name} busybox shop`,
        `${short(idle.id)} stopped ${idle.name} busybox shop`,
      ].sort(),
    );
    all(ps.warnings);
    const json = await warned("ps", "-a", "--format", "json");
    expectToFit("ps", JSON.parse(json.stdout));
    const pods = await warned(
      "pod",
      "ps",
      "--format",
      "{{.ID}} {{.KubeName}} {{.Namespace}} {{.State}} {{.Running}}",
    );
    expect(pods.stdout).toBe(`${short(pod.id)} shop ${pod.namespace} Ready 1/2\n`);
    all(pods.warnings);
    const shown = await warned("inspect", "web");
    expect(JSON.parse(shown.stdout)).toMatchObject({
      ID: web.id,
      PodID: pod.id,
      State: { status: "running" },
    });
    expect((await warned("stats", "--no-stream", "--format", "{{.Name}}")).stdout).toBe(`${web.name}\n`);
    expect((await warned("logs", "shop/idle")).stdout).toBe("");
    const offered = await node.world.kpod(["__complete", "rm", "shop/"]);
    expect(offered.stdout.split("\n").map((line) => line.split("\t")[0])).toEqual([
      "shop/idle",
      "shop/web",
      "",
    ]);
  });
});

test("a rename is refused, and changes nothing", async () => {
  await without(records, cut(web.id), async () => {
    const before = readFileSync(join(node.world.root, records), "utf8");
    const { exitCode, stderr } = await node.kpod("rename", "web", "other");
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`Error: cannot rename ${web.id}: the metadata of its record are not JSON`);
    expect(readFileSync(join(node.world.root, records), "utf8")).toBe(before);
    expect(readFileSync(join(web.dir, "config.json"), "utf8")).toContain(web.name);
  });
});

test("where nobody can read which images there are, all that needs none goes on, with a warning", async () => {
  for (const content of [half, () => "\0".repeat(200)]) {
    await without("overlay-images/images.json", content, async () => {
      const images = /images\.json does not hold valid JSON/;
      const calls: readonly (readonly [string[], string])[] = [
        [["inspect", "web"], '"Image": "busybox"'],
        [["ps", "-a", "--filter", "ancestor=busybox"], web.name],
      ];
      for (const [args, expected] of calls) {
        const { stdout, warnings } = await warned(...args);
        expect(stdout).toContain(expected);
        expect(warnings).toEqual([expect.stringMatching(images)]);
      }
      for (const args of [
        ["ps", "-a"],
        ["stats", "--no-stream"],
        ["pod", "ps"],
        ["pod", "inspect", "shop"],
      ])
        await node.ok(...args);
      expect(await node.refusal("images")).toMatch(images);
      expect(await node.ok("info")).toMatch(/^ {2}error: ".*images\.json does not hold valid JSON/m);
    });
  }
});

test("where nobody can read which layers there are, sizes are left open, with a warning", async () => {
  await without("overlay-layers/layers.json", half, async () => {
    const layers = [expect.stringMatching(/layers\.json does not hold valid JSON: .*size/)];
    const ps = await warned("ps", "-a", "--size");
    expect(ps.stdout).toMatch(/^(CONTAINER ID .* SIZE|.* {3}--)\n(.* {3}--\n){2}$/);
    expect(ps.warnings).toEqual(layers);
    await node.ok("ps", "-a");
    const images = await warned("images");
    expect(
      images.stdout
        .split("\n")
        .slice(1, -1)
        .map((line) => / {3}(\S+)$/.exec(line)?.[1]),
    ).toEqual(["--", "--"]);
    expect(images.warnings).toEqual(layers);
    const json = JSON.parse((await warned("images", "--format", "json")).stdout) as { size: unknown }[];
    expect(json.map(({ size }) => size)).toEqual([null, null]);
  });
});

test("an image whose layer has no record has no size, and a warning names the layer", async () => {
  const { busybox } = testImages();
  const { layer } = (
    JSON.parse(readFileSync(join(node.world.root, "overlay-images/images.json"), "utf8")) as {
      id: string;
      layer: string;
    }[]
  ).find(({ id }) => id === busybox.id) ?? { layer: "" };
  const lost = (text: string): string =>
    JSON.stringify((JSON.parse(text) as { id: string }[]).filter(({ id }) => id !== layer));
  await without("overlay-layers/layers.json", lost, async () => {
    const { stdout, warnings } = await warned("images", "--format", "{{.Repository}} {{.Size}}");
    expect(stdout).toContain("localhost/busybox --\n");
    // The other image is made of it as well.
    expect(warnings).toHaveLength(2);
    expect(warnings).toContain(
      `image ${short(busybox.id)} (localhost/busybox:latest): its layer ${short(layer)} has no record in the store`,
    );
  });
});

test("an image that was asked for by its id is shown by the name that it has, or had", async () => {
  const { busybox, pause } = testImages();
  const id = (
    await node.ok("run", "-d", "--pod", "shop", "--name", "by-id", busybox.id, "sleep", "1000")
  ).trim();
  persistImageById(node.world, id, "localhost/busybox:latest", busybox.id);
  const named = async (expected: string): Promise<void> => {
    expect(await node.ok("ps", "--filter", `id=${id}`, "--format", "{{.Image}}")).toBe(`${expected}\n`);
    const [json] = JSON.parse(await node.ok("ps", "--filter", `id=${id}`, "--format", "json")) as {
      image: string;
    }[];
    expect(json?.image).toBe(expected);
    expect(JSON.parse(await node.ok("inspect", id))).toMatchObject({ Image: expected, ImageID: busybox.id });
    expect(
      await node.ok("ps", "-q", "--no-trunc", "--filter", `id=${id}`, "--filter", `ancestor=${expected}`),
    ).toBe(`${id}\n`);
  };
  await named("localhost/busybox:latest");
  const rename =
    (name: string): ((text: string) => string) =>
    (text) =>
      JSON.stringify(
        (JSON.parse(text) as { id: string; names: string[] }[]).map((image) =>
          image.id === busybox.id
            ? { ...image, names: [`${name}@sha256:${"a".repeat(64)}`, `${name}:1`] }
            : image,
        ),
      );
  await without("overlay-images/images.json", rename("docker.io/library/other"), async () => {
    expect(await node.ok("ps", "--filter", `id=${id}`)).toContain("   other:1   ");
    expect(await node.ok("ps", "--filter", `id=${id}`, "--no-trunc")).toContain(
      "   docker.io/library/other:1   ",
    );
  });
  // The tag goes to another image.
  const store = `containers-storage:[overlay@${node.world.root}+${node.world.runRoot}]localhost/busybox:latest`;
  succeeded(
    await node.world.skopeo(["copy", "--quiet", `oci:${pause.layout}:${pause.name}`, store]),
    "skopeo copy",
  );
  expect(await node.ok("images", "--format", "{{.Repository}}")).toContain("<none>");
  await named("localhost/busybox:latest");
  await node.ok("rm", "-f", id);
});

test("what is damaged can be stopped and removed, and a pod with all that is in it", async () => {
  const path = join(node.world.root, records);
  writeFileSync(path, cut(web.id, idle.id, pod.id)(readFileSync(path, "utf8")));
  const pid = pidOf(web);
  expect((await warned("rm", "idle")).stdout).toBe(`${idle.id}\n`);
  expect((await warned("pod", "rm", "-f", "shop")).stdout).toBe(`${pod.id}\n`);
  expect(isAlive({ pid })).toBe(false);
  expect(readFileSync(path, "utf8")).toBe("[]");
  await node.agree();
});

test("info tells what is wrong with a store that cannot be read, and all else", async () => {
  await without(records, half, async () => {
    expect(await node.ok("info")).toMatch(/^ {2}error: ".*containers\.json does not hold valid JSON/m);
    const info = JSON.parse(await node.ok("info", "--format", "json")) as unknown;
    expectToFit("info", info);
    expect(info).toMatchObject({
      host: { os: "linux" },
      store: { containers: null, pods: null, images: 2, ContainerStore: { number: null } },
    });
  });
  const { exitCode, stdout } = await node.kpod("--storage-driver", "btrfs", "info", "--format", "json");
  expect(exitCode).toBe(0);
  expectToFit("info", JSON.parse(stdout));
  expect(stdout).toContain('"error": "unknown graph driver \\"btrfs\\""');
});
