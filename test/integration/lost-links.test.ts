import { readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import { useNode } from "../helpers/node";
import { succeeded } from "../helpers/process";

const node = useNode();

beforeAll(async () => {
  await node.pod("shop");
}, 120_000);

function links(): Map<string, string> {
  const directory = join(node.world.root, "overlay/l");
  return new Map(readdirSync(directory).map((name) => [name, readlinkSync(join(directory, name))]));
}

test("run works where overlay/l was lost, and all programs read the store as before", async () => {
  const before = links();
  rmSync(join(node.world.root, "overlay/l"), { recursive: true });
  expect(await node.ok("run", "--rm", "--pod", "shop", "busybox", "echo", "hello")).toBe("hello\n");
  expect(links()).toEqual(before);
  await node.agree();
  const mounted = succeeded(
    await node.world.podman(["image", "mount", "localhost/busybox:latest"]),
    "podman",
  );
  expect(readdirSync(mounted.stdout.trim())).toContain("bin");
  succeeded(await node.world.podman(["image", "unmount", "localhost/busybox:latest"]), "podman");
});

test("also where a single link was lost; where its link file is lost too, the layer is named", async () => {
  const image = JSON.parse(await node.ok("inspect", "--type", "image", "busybox")) as {
    GraphDriver: { Data: { UpperDir: string } };
  };
  const layer = join(image.GraphDriver.Data.UpperDir, "..");
  const link = readFileSync(join(layer, "link"), "utf8");
  rmSync(join(node.world.root, "overlay/l", link));
  expect(await node.ok("run", "--rm", "--pod", "shop", "busybox", "echo", "again")).toBe("again\n");
  rmSync(join(node.world.root, "overlay/l", link));
  const lower = links();
  rmSync(join(layer, "link"));
  const line = await node.refusal("run", "--rm", "--pod", "shop", "busybox", "true");
  expect(line).toBe(
    `the link file of layer ${layer.split("/").at(-1) ?? ""} is missing or damaged: load the image anew`,
  );
  expect(links()).toEqual(lower);
});
