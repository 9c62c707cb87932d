import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "../../src/lib/oci/container";
import type { StorageId } from "../../src/lib/names/ids";
import { isMountPoint } from "../../src/lib/system/mount";
import { createNode, pidOf, type Node } from "../helpers/node";
import { testdir } from "../helpers/testdir";
import { until } from "../helpers/until";

jest.setTimeout(120_000);

/** A container that runs a script which notes that it is ready, then sleeps. */
async function started(
  node: Node,
  ...[pod, name, script, options]: Parameters<Node["start"]>
): Promise<Container> {
  const container = await node.start(pod, name, `${script}; : > /ready; sleep 1000`, options);
  await until("it is ready", () => existsSync(inside(container, "/ready")));
  return container;
}

/** A path of a running container, for the test itself. */
function inside(container: Container, path: string): string {
  return `/proc/${pidOf(container)}/root${path}`;
}

function counts(node: Node): Map<string, number> {
  const file = join(node.world.runRoot, "overlay-layers/mountpoints.json");
  const text = existsSync(file) ? readFileSync(file, "utf8") : "[]";
  return new Map((JSON.parse(text) as { id: string; count: number }[]).map(({ id, count }) => [id, count]));
}

describe.each(["runc", "crun"] as const)("with %s", (runtime) => {
  let node: Node;
  let web: Container;
  let ended: Container;
  const work = testdir();
  const volume = testdir({ "from-node": "of the node" });

  beforeAll(async () => {
    node = await createNode({ runtime });
    const pod = await node.pod("shop");
    const volumes = [{ hostPath: volume, containerPath: "/data", readonly: false }];
    web = await started(node, pod, "web", "mkdir -p /srv/d/sub; echo one > /srv/d/a; ln -s /srv/d /link", {
      volumes,
    });
    ended = await node.start(pod, "ended", "echo two > /two", { volumes });
    await until("it has ended", async () => (await node.ok("ps", "-q", "-f", "name=ended")) === "");
    await node.ok("umount", "--force", "ended");
  }, 120_000);

  afterAll(() => node.world.destroy());

  test("a file in and out: of a container that runs, that is paused, that has ended", async () => {
    writeFileSync(join(work, "note"), "hello");
    await node.ok("cp", join(work, "note"), "shop/web:/tmp/");
    expect(readFileSync(inside(web, "/tmp/note"), "utf8")).toBe("hello");
    await node.ok("pause", "web");
    await node.ok("cp", "web:/tmp/note", join(work, "back"));
    await node.ok("unpause", "web");
    expect(readFileSync(join(work, "back"), "utf8")).toBe("hello");
    await node.ok("cp", "ended:/two", work);
    expect(readFileSync(join(work, "two"), "utf8")).toBe("two\n");
    await node.ok("cp", join(work, "note"), "ended:/tmp/new");
    expect(await node.ok("diff", "ended")).toContain("A /tmp/new\n");
    expect(counts(node).has(ended.layerId)).toBe(false);
    const { server } = await node.openServer();
    expect(isMountPoint(server.store.driver.mountPath(ended.layerId as StorageId))).toBe(false);
    expect(existsSync(join(node.world.runRoot, "kpod"))).toBe(false);
  });
});
