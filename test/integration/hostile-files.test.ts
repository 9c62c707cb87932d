import { execFileSync } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "../../src/lib/oci/container";
import { KPOD, kpodCommand } from "../helpers/kpod";
import { pidOf, tracesOf, useNode, usePod } from "../helpers/node";
import { runProcess, type ProcessResult } from "../helpers/process";
import { startInPty } from "../helpers/pty";
import { testdir } from "../helpers/testdir";
import { until } from "../helpers/until";

// What programs in a container leave in its file system, and move about in it, for those who look at it from the node.

jest.setTimeout(120_000);

const node = useNode();
const pod = usePod(node, "shop");

const levels = 2_000;

const script = `
  mkdir /odd && cd /odd
  for name in 'esc\\033[31mred' 'title\\033]0;x\\007' 'line\\nbreak' 'over\\rwritten' 'c1\\302\\23331m' '\\377\\376' '-rf' ' ' 'tab\\there'; do
    : > "$(printf -- "$name")"
  done
  mkfifo fifo; ln -s loop loop; ln -s /proc/self/root/etc up
  truncate -s 4398046511104 huge; : > ${"n".repeat(255)}; : > done; exec sleep 1000`;

let odd: Container;

/** A path of the running container, for the test itself. */
function inside({ bundlePath }: Container, path: string): string {
  return `/proc/${pidOf({ bundlePath })}/root${path}`;
}

function makeDeepTree(top: string): void {
  let place = top;
  for (let level = 0, fd: number | undefined; level < levels; level++) {
    mkdirSync(join(place, "d"));
    const below = openSync(join(place, "d"), "r");
    if (fd !== undefined) closeSync(fd);
    fd = below;
    place = `/proc/self/fd/${fd}`;
    if (level === levels - 1) {
      writeFileSync(join(place, "leaf"), "deep");
      closeSync(fd);
    }
  }
}

beforeAll(async () => {
  odd = await node.start(pod, "odd", script);
  await until("it is ready", () => existsSync(inside(odd, "/odd/done")));
  const nodes = `cd ${inside(odd, "/odd")} && mknod zero c 1 5 && mknod disk b 259 70000`;
  execFileSync("sh", ["-ec", nodes]);
  makeDeepTree(inside(odd, "/"));
}, 120_000);

afterAll(() => node.world.destroy());

const control = /[\x00-\x09\x0b-\x1f\x7f-\x9f]/;

test("diff: each name in a line of its own, without what steers terminals, of any depth", async () => {
  const text = await node.ok("diff", "odd");
  expect(text).not.toMatch(control);
  const lines = text.split("\n");
  for (const name of [
    "esc\\x1b[31mred",
    "line\\nbreak",
    "over\\rwritten",
    "c1\\x9b31m",
    "-rf",
    " ",
    "fifo",
    "zero",
  ])
    expect(lines).toContain(`A /odd/${name}`);
  expect(lines).toContain(`A ${"/d".repeat(levels)}/leaf`);
  const { added } = JSON.parse(await node.ok("diff", "--format", "json", "odd")) as { added: string[] };
  expect(added).toEqual(
    expect.arrayContaining(["/odd/esc\x1b[31mred", "/odd/line\nbreak", "/odd/\ufffd\ufffd"]),
  );
});

test("few descriptors are enough for looks of any depth", async () => {
  const words = [...kpodCommand, "--config", node.world.config];
  const limited = (...args: string[]): Promise<ProcessResult> =>
    runProcess("sh", ["-c", 'ulimit -n 300; exec "$@"', "sh", ...words, ...args]);
  expect((await limited("diff", "odd")).stdout).toContain(`A ${"/d".repeat(levels)}/leaf\n`);
  expect(await limited("system", "df")).toMatchObject({ exitCode: 0, stderr: "" });
});

test("what takes room is measured in blocks, and names do not reach the terminal", async () => {
  const rows = JSON.parse(await node.ok("system", "df", "-v", "--format", "json")) as {
    items: { id: string; size: number }[];
  }[];
  const { size = 0 } = rows.flatMap(({ items }) => items).find(({ id }) => id === odd.id) ?? {};
  expect(size).toBeGreaterThan(levels * 4096);
  expect(size).toBeLessThan(100_000_000);
  for (const words of [
    ["system", "df", "-v"],
    ["diff", "odd"],
  ]) {
    const shown = await startInPty(KPOD, ["--config", node.world.config, ...words]);
    expect(await shown.ended).toBe(0);
    expect(shown.output()).not.toMatch(/\x1b\[31mred|\x1b\]0|over\r[^\n]|\x9b/);
  }
});

test("export and cp take it as it is: devices and FIFOs are not opened", async () => {
  const out = testdir();
  await node.ok("cp", "-a", "odd:/odd", join(out, "odd"));
  const kinds = "find . -maxdepth 1 -printf '%y %p %s\\n' | LC_ALL=C sort | cat -v";
  const listed = (cwd: string): string =>
    execFileSync("sh", ["-ec", `cd ${cwd} && ${kinds}`], { encoding: "utf8" }).replace(/^d .*\n/gm, "");
  expect(listed(join(out, "odd"))).toBe(listed(inside(odd, "/odd")));
  // A tar archive has no holes.
  rmSync(inside(odd, "/odd/huge"));
  const archive = join(out, "odd.tar");
  await node.ok("export", "-o", archive, "odd");
  const members = execFileSync("tar", ["-tf", archive], { encoding: "latin1", maxBuffer: 2 ** 28 });
  expect(members).toContain(`\n${"d/".repeat(levels)}leaf\n`);
  expect(members).toContain("\nodd/fifo\n");
});

test("what moves links about leads no look out of the container", async () => {
  const outside = testdir({ "secret-of-the-node": Buffer.alloc(30_000_000), "d/secret-of-the-node": "x" });
  const moving = await node.start(
    pod,
    "moving",
    `mkdir -p /s/d /aside; echo own > /s/d/own; ln -s ${outside} /aside/link; : > /ready
    while :; do mv /s/d /aside/d; mv /aside/link /s/d; mv /s/d /aside/link; ln -s ../../../../../..${outside} /s/d; rm /s/d; mv /aside/d /s/d; done`,
  );
  await until("it is ready", () => existsSync(inside(moving, "/ready")));
  for (let round = 0; round < 2; round++) {
    expect(await node.ok("diff", "moving")).not.toContain("secret");
    const archive = join(testdir(), "moving.tar");
    await node.ok("export", "-o", archive, "moving");
    expect(execFileSync("tar", ["-tf", archive], { encoding: "utf8" })).not.toContain("secret");
    const size = await node.ok("system", "df", "-v", "--no-trunc", "--format", "{{.ID}} {{.Size}}");
    expect(size).toMatch(new RegExp(`^${moving.id} [\\d.]+kB$`, "m"));
  }
  await node.ok("rm", "-f", "moving");
});

test("mount and umount count it as any other; it is removed with all of it", async () => {
  const path = (await node.ok("mount", "odd")).trim();
  expect(existsSync(join(path, "odd/done"))).toBe(true);
  await node.ok("umount", "odd");
  await node.ok("rm", "-f", "odd");
  expect(tracesOf(node.world, odd)).toEqual([]);
});
