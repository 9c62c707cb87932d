import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestImages } from "../helpers/images";
import { succeeded } from "../helpers/process";
import { expectToFit } from "../helpers/schemas";
import { createWorld, type World } from "../helpers/world";

let world: World;
let images: TestImages;
let built = "";

beforeAll(async () => {
  world = await createWorld();
  images = await world.loadImages();
  const context = join(world.scratch, "context");
  mkdirSync(context);
  writeFileSync(join(context, "data"), "x".repeat(5000));
  writeFileSync(
    join(context, "Containerfile"),
    'FROM localhost/busybox:latest\nENV  A=b\nCOPY data /data\nLABEL long="' + "word ".repeat(20) + '"\n',
  );
  succeeded(
    await world.podman(["build", "--quiet", "--layers", "--pull-never", "-t", "localhost/built:1", context]),
    "podman build",
  );
  built = succeeded(
    await world.podman(["image", "inspect", "--format", "{{.Id}}", "built:1"]),
    "podman",
  ).stdout.trim();
}, 120_000);

afterAll(async () => {
  await world.destroy();
}, 120_000);

async function history(...args: string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await world.kpod(["history", ...args]);
  expect({ args, stderr, exitCode }).toEqual({ args, stderr: "", exitCode: 0 });
  return stdout;
}

interface Step {
  readonly id: string;
  readonly created: string | null;
  readonly createdBy: string;
  readonly size: number | null;
  readonly comment: string;
}

test("the steps are those that podman tells, with the sizes that the store has", async () => {
  const steps = JSON.parse(await history("--format", "json", "built:1")) as Step[];
  expectToFit("history", steps);
  const answer = succeeded(await world.podman(["history", "--format", "json", "built:1"]), "podman").stdout;
  const theirs = JSON.parse(answer) as {
    created: string;
    size: number;
    CreatedBy: string;
    comment?: string;
  }[];
  expect(steps.map(({ createdBy, comment }) => [createdBy, comment])).toEqual(
    theirs.map(({ CreatedBy, comment }) => [CreatedBy, comment ?? ""]),
  );
  expect(steps.map(({ created }) => Math.floor(Date.parse(created ?? "") / 1000))).toEqual(
    theirs.map(({ created }) => Math.floor(Date.parse(created) / 1000)),
  );
  const sizes = steps.map(({ size }) => size);
  expect(sizes[0]).toBe(0);
  expect(sizes.filter((size) => (size ?? 0) >= 5000)).toHaveLength(2);
  expect([...new Set(steps.map(({ id }) => id))]).toEqual([built]);
});

test("the table, its flags and templates", async () => {
  const lines = (await history("built:1")).split("\n").slice(0, -1);
  expect(lines[0]).toMatch(/^ID {3,}CREATED {3,}CREATED BY {3,}SIZE {3,}COMMENT$/);
  expect(lines[1]).toMatch(new RegExp(`^${built.slice(0, 13)} {3,}.* ago {3,}.{42}\\.{3} {3,}0B`));
  for (const line of lines.slice(2)) expect(line).toMatch(/^<missing> {3,}/);
  expect(await history("--no-trunc", "built:1")).toContain(`${built}   `);
  expect(await history("--no-trunc", "built:1")).toContain(`${"word ".repeat(19)}word`);
  expect(await history("--notruncate", "-q", "built:1")).toBe(`${built}\n`);
  expect(await history("-q", built.slice(0, 6))).toBe(`${built.slice(0, 13)}\n`);
  for (const flags of [["--human=false"], ["-H=false"]]) {
    expect(await history(...flags, "busybox")).toMatch(/ 2024-01-01T00:00:00Z {3,}.* {3,}\d{6,}/);
  }
  expect(await history("-H", "busybox")).toBe(await history("busybox"));
  expect(await history("--format", "{{.Created}}|{{.CreatedAt}}", "--human=false", images.pause.id)).toMatch(
    /^2024-01-01T00:00:00Z\|2024-01-01 00:00:00 \+0000 UTC\n/,
  );
  expect(await history("--format", "table {{.ID}}\t{{.CreatedBy}}", "busybox")).toMatch(/^ID +CREATED BY\n/);
});

test("what is not there, or asked wrongly", async () => {
  const none = await world.kpod(["history", "nosuch"]);
  expect([none.stdout, none.exitCode]).toEqual(["", 1]);
  expect(none.stderr).toContain("image nosuch is not in the store");
  expect((await world.kpod(["history", "--format", "{{.Nope}}", "busybox"])).exitCode).toBe(1);
  for (const args of [[], ["a", "b"], ["--human=maybe", "busybox"]])
    expect((await world.kpod(["history", ...args])).exitCode).toBe(2);
});
