import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "../../src/lib/oci/container";
import { listing } from "../helpers/listing";
import { logOf, persistedState, useNode, usePod } from "../helpers/node";
import { until } from "../helpers/until";

/*
 * criu has to fit the kernel. Where it does not, it fails for real here, and what it can do is tested on a kernel of its own,
 * by test/node/checkpoint.test.ts.
 */
const criu = spawnSync("criu", ["check"], { encoding: "utf8" });
const fits = criu.status === 0;
const reason = /Error \([^)]*\): (.*)/.exec(criu.stderr)?.[1] ?? "";
const whereItFits = fits ? test : test.skip;
const whereItFails = fits ? test.skip : test;

const node = useNode();
const pod = usePod(node, "shop");

const counter =
  "echo changed > /changed; rm /bin/ls; i=0; while :; do i=$((i+1)); echo $i; echo $i > /count; sleep 0.05; done";

let web: Container;

beforeAll(async () => {
  web = await node.start(pod, "web", counter);
  await until("it counts", () => logOf(web).includes("3\n"));
}, 60_000);

async function count(name: string): Promise<number> {
  return Number(await node.ok("exec", name, "cat", "/count"));
}

/** It counts on, and is neither frozen nor begun anew. */
async function expectCounting(name: string): Promise<void> {
  const before = await count(name);
  await until("it counts on", async () => (await count(name)) > before);
}

/** What a runtime looks for before it calls criu. */
function makeImages(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "inventory.img"), "none of criu's");
  writeFileSync(join(directory, "descriptors.json"), '["/dev/null","pipe:[1]","pipe:[2]"]');
}

/** An archive of a container as it would be, with images that criu has not made. */
function archiveOf(
  { id, name, dir, imageId }: Container,
  change: (spec: Record<string, unknown>) => Record<string, unknown> = (spec) => spec,
  config: Record<string, unknown> = {},
): string {
  const tree = join(node.world.scratch, "archive");
  const spec = JSON.parse(readFileSync(join(dir, "config.json"), "utf8")) as Record<string, unknown>;
  makeImages(join(tree, "checkpoint"));
  writeFileSync(join(tree, "spec.dump"), JSON.stringify(change(spec)));
  writeFileSync(
    join(tree, "config.dump"),
    JSON.stringify({ id, name, rootfsImageRef: imageId, rootfsImage: "busybox", runtime: "runc", ...config }),
  );
  const path = join(node.world.scratch, "made.tar");
  execFileSync("tar", ["-cf", path, "spec.dump", "config.dump", "checkpoint"], { cwd: tree });
  return path;
}

whereItFails(
  `a container that criu cannot checkpoint runs on: ${reason}`,
  async () => {
    const file = join(node.world.scratch, "web.tar");
    writeFileSync(file, "of before");
    chmodSync(file, 0o640);
    const words = `cannot checkpoint container web (${web.id.slice(0, 13)}): criu: ${reason}`;
    for (const flags of [
      [],
      ["--leave-running"],
      ["--tcp-established"],
      ["--export", file],
      ["-R", "-e", file],
    ]) {
      expect(await node.refusal("checkpoint", ...flags, "web")).toContain(words);
      expect(persistedState(web)).toMatchObject({
        status: "running",
        checkpointedTime: "0001-01-01T00:00:00Z",
      });
      expect(existsSync(join(web.dir, "checkpoint"))).toBe(false);
    }
    await expectCounting("web");
    expect(readFileSync(file, "utf8")).toBe("of before");
    expect(statSync(file).mode & 0o7777).toBe(0o640);
    expect(readFileSync(join(web.dir, "dump.log"), "utf8")).toContain(reason);
    expect(await node.ok("events", "--no-stream", "--filter", "event=checkpoint")).toBe("");
  },
  120_000,
);

whereItFails(
  "a restore that criu fails leaves nothing behind",
  async () => {
    const before = await node.ok("pod", "ps", "-q");
    const stores = [node.world.root, node.world.runRoot].map((root) => join(root, "overlay-containers"));
    const seen = stores.map((directory) => listing(directory).length);
    const path = archiveOf(web);
    for (const words of [
      ["--pod", "shop", "--name", "again"],
      ["--name", "alone", "--network", "none"],
    ]) {
      const said = await node.refusal("restore", "--import", path, ...words);
      expect(said).toMatch(/^cannot restore container (again|alone): criu: /);
      expect(said).not.toContain("restore.log");
    }
    expect(await node.ok("ps", "-aq", "--no-trunc")).toBe(`${web.id}\n`);
    expect(await node.ok("pod", "ps", "-q")).toBe(before);
    expect(stores.map((directory) => listing(directory).length)).toEqual(seen);
    await node.agree();
  },
  120_000,
);

whereItFails(
  "one that keeps a checkpoint stays as it is when criu cannot restore it",
  async () => {
    const ended = await node.start(pod, "ended", "echo said; exit 3");
    await node.ok("wait", "ended");
    expect(await node.refusal("restore", "ended")).toMatch(/it keeps no checkpoint: one that was exported/);
    makeImages(join(ended.dir, "checkpoint"));
    expect(await node.refusal("restore", "ended")).toMatch(/^cannot restore container ended .*: criu: /);
    expect(persistedState(ended)).toMatchObject({ status: "stopped", exitCode: 3 });
    expect(existsSync(join(ended.dir, "checkpoint/inventory.img"))).toBe(true);
    expect(logOf(ended)).toBe("said\n");
    // What is started anew does not go on from it any more.
    await node.ok("start", "ended");
    await node.ok("wait", "ended");
    expect(existsSync(join(ended.dir, "checkpoint"))).toBe(false);
    await node.ok("rm", "ended");
  },
  120_000,
);

whereItFits(
  "a container goes on in its place, and elsewhere from an archive",
  async () => {
    const file = join(node.world.scratch, "web.tar");
    expect(await node.ok("checkpoint", "web")).toBe(`${web.id}\n`);
    expect(persistedState(web)).toMatchObject({ status: "stopped", exitCode: 137 });
    expect(await node.ok("restore", "web")).toBe(`${web.id}\n`);
    await expectCounting("web");
    await node.ok("checkpoint", "--export", file, "--leave-running", "web");
    await expectCounting("web");
    await node.ok("restore", "--import", file, "--pod", "shop", "--name", "again");
    await expectCounting("again");
    await node.ok("rm", "-f", "again");
    await node.agree();
  },
  240_000,
);

test("what cannot be checkpointed or restored is told before anything is done", async () => {
  const cannot = "cannot checkpoint container paused";
  await node.start(pod, "paused", "sleep 1000");
  await node.ok("pause", "paused");
  expect(await node.refusal("checkpoint", "paused")).toMatch(
    new RegExp(`^${cannot} .*: it is paused: unpause it$`),
  );
  await node.ok("rm", "-f", ...(await node.ok("unpause", "paused")).trim().split("\n"));
  expect(await node.refusal("checkpoint", "--export", "/no/such/web.tar", "web")).toBe(
    "cannot write /no/such/web.tar: no such file or directory",
  );
  expect(await node.refusal("restore", "web")).toMatch(/^cannot restore container web .*: it runs$/);
  expect(await node.refusal("restore", "--import", "/no/such.tar")).toBe(
    "cannot read /no/such.tar: no such file or directory",
  );
  const usage = async (...args: string[]): Promise<string> => (await node.kpod(...args)).stderr;
  expect(await usage("restore")).toMatch(/requires at least 1 argument/);
  expect(await usage("restore", "--name", "x", "web")).toMatch(/--name needs --import/);
  expect(await usage("restore", "--pull", "never", "web")).toMatch(/--pull needs --import/);
  expect(await usage("restore", "--import", "x", "web")).toMatch(/takes no name/);
  expect(await usage("checkpoint", "--export", "x", "web", "other")).toMatch(/is for one container/);
}, 120_000);

/** A configuration with a script in the place of the runtimes. */
function configWith(name: string, ...script: readonly string[]): string {
  const program = join(node.world.scratch, name);
  writeFileSync(program, ["#!/bin/sh", ...script, ""].join("\n"), { mode: 0o755 });
  const config = `${program}.conf`;
  const text = readFileSync(node.world.config, "utf8");
  writeFileSync(config, text.replaceAll(/^(runtime_path\s*=\s*).*$/gm, `$1"${program}"`));
  return config;
}

test("a container that its runtime has frozen, and said it has not, runs on", async () => {
  const config = configWith(
    "failing-runc",
    'runc "$@" || exit',
    'case " $* " in *" pause "*) exit 1 ;; esac',
  );
  expect(await node.refusal("-c", config, "checkpoint", "--leave-running", "web")).toMatch(
    /failing-runc pause failed/,
  );
  await expectCounting("web");
}, 120_000);

test("a container whose archive cannot be written runs on, without a checkpoint", async () => {
  const config = configWith(
    "able-runc",
    'for word; do [ "$before" = --image-path ] && exec touch "$word/inventory.img"; before=$word; done',
    'exec runc "$@"',
  );
  for (const flags of [[], ["--leave-running"]]) {
    expect(await node.refusal("-c", config, "checkpoint", "--export", "/dev/full", ...flags, "web")).toMatch(
      /^cannot write \/dev\/full: no space left/,
    );
    expect(existsSync(join(web.dir, "checkpoint"))).toBe(false);
  }
  await expectCounting("web");
}, 120_000);

/** A configuration with a runtime that locks the network as criu does: where it has ended the processes it leaves it so. */
function configWithLocks(): { config: string; isLocked: () => boolean } {
  const rules =
    "*filter\\n:CRIU - [0:0]\\n-I INPUT -j CRIU\\n-I OUTPUT -j CRIU\\n-A CRIU -j DROP\\nCOMMIT\\n";
  const netns = pod.namespacePath("network");
  const config = configWith(
    "locking-runc",
    `for word; do [ "$before" = --image-path ] && images=$word; before=$word; done`,
    '[ -z "$images" ] && exec runc "$@"',
    'case " $* " in *" --help "*) exit ;; esac',
    'touch "$images/inventory.img"',
    `for program in iptables ip6tables; do printf '${rules}' | nsenter --net=${netns} $program-restore --noflush || exit; done`,
    `runc --root "${node.world.runtimeRoots.runc}" kill "$before" KILL`,
  );
  const isLocked = (): boolean =>
    execFileSync("nsenter", [`--net=${netns}`, "iptables-save"], { encoding: "utf8" }).includes("CRIU");
  return { config, isLocked };
}

test("the network of a pod stays locked no longer than its connections are kept", async () => {
  const { config, isLocked } = configWithLocks();
  await node.start(pod, "connected", "sleep 1000");
  await node.ok("-c", config, "checkpoint", "connected");
  expect(isLocked()).toBe(false);
  expect(await node.ok("ps", "-a", "--filter", "name=connected", "--format", "{{.Status}}")).toMatch(
    /^Exited \(137\) .* \(Checkpointed\)$/m,
  );
  await node.ok("start", "connected");
  for (const end of ["start", "rm"]) {
    const { stderr } = await node.kpod("-c", config, "checkpoint", "--tcp-established", "connected");
    expect(stderr).toMatch(
      /^Warning: pod shop has no network, .* until container connected \(\w{13}\) is restored, started or removed$/m,
    );
    expect(isLocked()).toBe(true);
    await node.ok(end, "connected");
    expect(isLocked()).toBe(false);
  }
}, 120_000);

test("the network of a pod stays locked for the connections of one container, whatever becomes of others", async () => {
  const { config, isLocked } = configWithLocks();
  const talker = await node.start(pod, "talker", "sleep 1000");
  for (const name of ["other", "gone"]) await node.start(pod, name, "sleep 1000");
  expect((await node.kpod("-c", config, "checkpoint", "--tcp-established", "talker")).exitCode).toBe(0);
  await node.ok("-c", config, "checkpoint", "other", "gone");
  expect(isLocked()).toBe(true);
  await node.ok("rm", "gone");
  expect(isLocked()).toBe(true);
  const { exitCode, stderr } = await node.kpod("start", "other");
  expect([exitCode, stderr]).toEqual([
    0,
    expect.stringMatching(
      `^Warning: container other \\(\\w{13}\\) has no network, so that connections are kept, until container ${talker.id.slice(0, 13)} is restored, started or removed\n$`,
    ),
  ]);
  expect(isLocked()).toBe(true);
  await node.ok("start", "talker");
  expect(isLocked()).toBe(false);
  await node.ok("rm", "-f", "talker", "other");
}, 120_000);

test("an archive that does not fit the node is refused before anything is made", async () => {
  const before = await node.ok("pod", "ps", "-q");
  const refusal = (path: string, ...words: string[]): Promise<string> =>
    node.refusal("restore", "--import", path, "--pull", "never", "--name", "again", ...words);
  const other = archiveOf(web, undefined, { rootfsImageRef: "1".repeat(64) });
  expect(await refusal(other)).toMatch(
    /needs the image busybox \(1{13}\), which is not in the store, and what has its name is another: pull or load that very image$/,
  );
  const unknown = archiveOf(web, undefined, {
    rootfsImageRef: "1".repeat(64),
    rootfsImage: "no.such/image:1",
  });
  expect(await refusal(unknown)).toMatch(
    /needs the image no.such\/image:1 \(1{13}\), which is not in the store/,
  );
  const linuxOf = (spec: Record<string, unknown>, more: object) => ({
    ...spec,
    linux: { ...(spec.linux as object), ...more },
  });
  const ofNode = archiveOf(web, (spec) => linuxOf(spec, { namespaces: [{ type: "mount" }] }));
  expect(await refusal(ofNode, "--pod", "shop")).toMatch(
    /^cannot restore into pod shop: the container had the node's as network/,
  );
  const users = archiveOf(web, (spec) => linuxOf(spec, { uidMappings: [{ size: 1 }] }));
  expect(await refusal(users)).toMatch(/the container had a user namespace/);
  const privileged = archiveOf(web, (spec) => linuxOf(spec, { resources: { devices: [{ allow: true }] } }));
  expect(await refusal(privileged, "--pod", "shop")).toMatch(
    /^pod shop is not privileged, and the container in/,
  );
  expect(await node.refusal("restore", "--import", archiveOf(web), "--name", "../x")).toMatch(
    /^invalid container name/,
  );
  expect(await refusal(archiveOf(web), "--pod", "nobody")).toMatch(/nobody/);
  expect(await node.ok("pod", "ps", "-q")).toBe(before);
  await expectCounting("web");
}, 120_000);

test("a runtime without criu is named, and its container runs on", async () => {
  const crun = await node.pod("other", { runtimeHandler: "crun" });
  await node.start(crun, "under-crun", "sleep 1000");
  expect(await node.refusal("checkpoint", "under-crun")).toMatch(
    /crun makes no checkpoints: it was built without criu/,
  );
  expect(await node.refusal("restore", "--import", archiveOf(web), "--pod", "other", "--name", "x")).toMatch(
    /crun makes no checkpoints/,
  );
  expect(await node.ok("ps", "--filter", "name=under-crun", "--format", "{{.State}}")).toBe("running\n");
}, 120_000);
