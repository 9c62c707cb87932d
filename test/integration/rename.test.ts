import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renameContainer, type RenameStep } from "../../src/lib/operations/rename";
import { KPOD } from "../helpers/kpod";
import { listing } from "../helpers/listing";
import { namesOnDisk } from "../helpers/names-on-disk";
import { tracesOf, useNode, usePod } from "../helpers/node";
import { runProcess } from "../helpers/process";

const node = useNode();
const pod = usePod(node, "shop");

/** What of an inspected container has its name in it. */
interface Inspected {
  readonly Name: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly State: { readonly annotations: Readonly<Record<string, string>> };
}
const bundle = join(__dirname, "../../dist/index.cjs");

test("everything bears the new name, and numbers too large for JavaScript stay as they are", async () => {
  const container = await node.start(pod, "old", "sleep 100");
  const path = join(container.dir, "config.json");
  writeFileSync(
    path,
    readFileSync(path, "utf8").replace('"ociVersion"', '"unknown": 18446744073709551615, "ociVersion"'),
  );
  expect(await node.ok("rename", "old", "k8s_new_shop_default_u1_2")).toBe("");
  expect([...namesOnDisk(node.world, container)]).toEqual(["k8s_new_shop_default_u1_2"]);
  const text = readFileSync(path, "utf8");
  expect(text).toContain('"unknown": 18446744073709551615');
  expect(text).toContain(JSON.stringify(JSON.stringify({ name: "new", attempt: 2 })));
  expect((await node.ok("inspect", "-f", "{{.Name}} {{.Metadata.attempt}}", container.id)).trim()).toBe(
    "k8s_new_shop_default_u1_2 2",
  );
  await node.agree();
});

test("a taken name names its holder; bad names are refused", async () => {
  const first = await node.create(pod, "first", "true");
  const second = await node.create(pod, "second", "true");
  expect(await node.refusal("rename", "first", second.name)).toContain(
    `conflict, name "${second.name}" already reserved for ctr "${second.id}"`,
  );
  for (const name of ["x/y", "-x", "\u001b[31m", " "]) {
    expect((await node.kpod("rename", "first", "--", name)).exitCode).not.toBe(0);
  }
  expect([...namesOnDisk(node.world, first)]).toEqual([first.name]);
  expect((await node.kpod("rename", "first")).exitCode).toBe(2);
  expect((await node.kpod("rename", "first", "a", "b")).exitCode).toBe(2);
});

const steps: RenameStep[] = ["journal", "config", "bundle", "state", "layer", "record"];

test.each(steps)(
  "killed after the step %s, looks show one name, and the next change leaves one everywhere",
  async (step) => {
    const container = await node.create(pod, `step-${step}`, "true");
    const script = `
    const { ContainerServer, loadConfig, renameContainer } = require(${JSON.stringify(bundle)});
    const server = new ContainerServer(loadConfig({ configFile: ${JSON.stringify(node.world.config)} }));
    server.updateRecords().then(() =>
      renameContainer(server, server.lookupContainer("${container.id}"), "renamed-${step}", (done) => {
        if (done === "${step}") process.kill(process.pid, "SIGKILL");
      }));`;
    const result = await runProcess(process.execPath, ["-e", script]);
    expect(result.exitCode).not.toBe(0);
    const name = step === "record" ? "renamed-record" : container.name;
    const short = step === "record" ? "renamed-record" : `step-${step}`;
    const before = listing(node.world.directory);
    expect(await node.ok("ps", "-a", "--no-trunc", "-f", `id=${container.id}`)).toContain(name);
    const shown = JSON.parse(await node.ok("inspect", container.id)) as Inspected;
    const annotation = (key: string): string | undefined =>
      shown.State.annotations[`io.kubernetes.cri-o.${key}`];
    expect(shown.Name).toBe(name);
    expect(annotation("Name")).toBe(name);
    expect(JSON.parse(annotation("Metadata") ?? "")).toMatchObject({ name: short });
    expect(shown.Labels["io.kubernetes.container.name"] ?? short).toBe(short);
    expect(
      await node.ok("ps", "-aq", "--no-trunc", "-f", `label=io.kubernetes.container.name=${short}`),
    ).toBe(`${container.id}\n`);
    expect(listing(node.world.directory)).toEqual(before);
    // Whatever it changes, and of whatever container.
    expect((await node.kpod("rm", "nosuch")).exitCode).toBe(1);
    expect([...namesOnDisk(node.world, container)]).toEqual([name]);
    expect(existsSync(join(node.world.root, "kpod"))).toBe(false);
  },
);

test.each(steps)("removed by somebody after the step %s, it is said to have left", async (step) => {
  const container = await node.create(pod, `gone-${step}`, "true");
  const { server } = await node.openServer();
  await server.updateRecords();
  const message = `container ${container.id} has left the store meanwhile`;
  const renamed = renameContainer(server, server.lookupContainer(container.id), `away-${step}`, (done) => {
    if (done === step) execFileSync(KPOD, ["--config", node.world.config, "rm", container.id]);
  });
  // Once the record has the new name, the rename is through.
  if (step === "record") await renamed;
  else await expect(renamed).rejects.toMatchObject({ code: "NOT_FOUND", message });
  expect(tracesOf(node.world, container)).toEqual([]);
  expect(existsSync(join(node.world.root, "kpod"))).toBe(false);
  await node.agree();
});
