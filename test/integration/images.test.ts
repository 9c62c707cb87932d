import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { listing } from "../helpers/listing";
import type { TestImages } from "../helpers/images";
import { succeeded } from "../helpers/process";
import { createWorld, type World } from "../helpers/world";

let world: World;
let images: TestImages;

beforeAll(async () => {
  world = await createWorld();
  images = await world.loadImages();
}, 120_000);

afterAll(async () => {
  await world.destroy();
}, 120_000);

async function kpod(...args: string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await world.kpod(["images", ...args]);
  expect({ args, stderr, exitCode }).toEqual({ args, stderr: "", exitCode: 0 });
  return stdout;
}

/** The cells of the table. */
async function cells(...args: string[]): Promise<string[][]> {
  return (await kpod(...args))
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split(/ {3,}/));
}

interface Listed {
  readonly id: string;
  readonly names: string[];
  readonly digest: string;
  readonly created: string | null;
  readonly createdAt: string | null;
  readonly size: number | null;
}

async function listed(): Promise<Map<string, Listed>> {
  return new Map((JSON.parse(await kpod("--format", "json")) as Listed[]).map((image) => [image.id, image]));
}

/** Bytes of an image's unpacked layers, from its files. */
function unpackedSize(layout: string, manifestDigest: string): number {
  const blob = (digest: string): Buffer =>
    readFileSync(join(layout, "blobs/sha256", digest.slice("sha256:".length)));
  const { layers } = JSON.parse(blob(manifestDigest).toString()) as { layers: { digest: string }[] };
  return layers.reduce((sum, { digest }) => sum + gunzipSync(blob(digest)).length, 0);
}

test("what another tool brought is listed with id, name, digest, date and size", async () => {
  const all = await listed();
  for (const { id, name, digest, layout } of [images.busybox, images.pause]) {
    expect(all.get(id)).toEqual({
      id,
      names: [name],
      digest,
      created: "2024-01-01T00:00:00.000Z",
      createdAt: "2024-01-01T00:00:00.000Z",
      size: unpackedSize(layout, digest),
    });
  }
  expect(all.size).toBe(2);
});

test("the table has a row for each name, and <none> where there is none", async () => {
  const { busybox, pause } = images;
  const short = busybox.id.slice(0, 13);
  for (const name of ["docker.io/library/box:1", "docker.io/team/box:2", "registry.example/team/box:3"]) {
    succeeded(await world.podman(["tag", busybox.name, name]), "podman tag");
  }
  const rows = await cells();
  expect(rows[0]).toEqual(["REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"]);
  const names = rows
    .slice(1)
    .filter(([, , id]) => id === short)
    .map(([repository, tag]) => `${repository}:${tag}`);
  expect(names.sort()).toEqual([
    "box:1",
    "localhost/busybox:latest",
    "registry.example/team/box:3",
    "team/box:2",
  ]);
  expect((await kpod("--no-trunc")).split("\n").filter((line) => line.includes(busybox.id))).toHaveLength(4);
  expect(await kpod("--no-trunc")).toContain("docker.io/library/box ");
  // The ids once each, whatever their names.
  expect((await kpod("-q")).trim().split("\n").sort()).toEqual([short, pause.id.slice(0, 13)].sort());
  expect((await kpod("-q", "--no-trunc")).trim().split("\n").sort()).toEqual([busybox.id, pause.id].sort());
  expect(await cells("--noheading")).toEqual(rows.slice(1));

  // Another image takes the name: the first one stays without.
  succeeded(await world.podman(["untag", pause.name]), "podman untag");
  expect((await cells()).find(([, , id]) => id === pause.id.slice(0, 13))?.slice(0, 2)).toEqual([
    "<none>",
    "<none>",
  ]);
  expect((await listed()).get(pause.id)?.names).toEqual([]);
  succeeded(await world.podman(["tag", pause.id, pause.name]), "podman tag");
});

test("a damaged image is listed all the same, and nothing is written", async () => {
  const { busybox } = images;
  const place = join(world.root, "overlay-images", busybox.id);
  const file = join(place, `=${Buffer.from(`sha256:${busybox.id}`).toString("base64")}`);
  const config = readFileSync(file);
  const before = listing(world.root);
  await kpod();
  expect(listing(world.root)).toEqual(before);
  rmSync(file);
  try {
    const image = (await listed()).get(busybox.id);
    expect(image).toMatchObject({
      names: expect.arrayContaining([busybox.name]) as string[],
      digest: busybox.digest,
    });
    // From its record, which has it as well.
    expect(image?.createdAt).toBe("2024-01-01T00:00:00.000Z");
  } finally {
    writeFileSync(file, config);
  }
});

test("no images, no store, no arguments", async () => {
  const root = join(world.scratch, "none");
  const { stdout, stderr, exitCode } = await world.kpod(["--root", root, "images"]);
  expect([exitCode, stdout]).toEqual([0, "REPOSITORY   TAG   IMAGE ID   CREATED   SIZE\n"]);
  expect(stderr).toBe(`Warning: the storage root ${root} does not exist\n`);
  expect((await world.kpod(["--root", root, "images", "--format", "json"])).stdout).toBe("[]\n");
  expect((await world.kpod(["images", "busybox", "pause"])).exitCode).toBe(2);
});

describe("images to choose from", () => {
  let old = "";

  beforeAll(async () => {
    const context = join(world.scratch, "context");
    mkdirSync(context);
    writeFileSync(join(context, "Containerfile"), "FROM localhost/busybox\nLABEL team=shop tier=web\n");
    const build = ["build", "-q", "--pull-never", "-t", "registry.example/shop/app:1", context];
    succeeded(await world.podman(build), "podman build");
    old = images.pause.id.slice(0, 13);
  });

  const names = async (...args: string[]): Promise<string[]> =>
    (await kpod("--format", "{{.Repository}}:{{.Tag}}", ...args)).split("\n").slice(0, -1).sort();

  test.each<[string, string[]]>([
    ["app", ["registry.example/shop/app:1"]],
    ["shop/app", ["registry.example/shop/app:1"]],
    ["shop/app:1", ["registry.example/shop/app:1"]],
    ["app:2", []],
    ["pp", []],
    ["registry.example/*/app", ["registry.example/shop/app:1"]],
    ["docker.io/box:1", ["box:1"]],
    ["index.docker.io/team/box:2", ["team/box:2"]],
    ["b*x:?", ["box:1", "registry.example/team/box:3", "team/box:2"]],
    ["nosuch", []],
  ])("%s", async (wanted, found) => {
    expect(await names(wanted)).toEqual(found);
    // An image is shown with all its names then.
    expect(await names("-f", `reference=${wanted}`)).toEqual(expect.arrayContaining(found));
  });

  test("by id, the beginning of one, and digest", async () => {
    for (const wanted of [images.pause.id, old, `pause@${images.pause.digest}`])
      expect(await names(wanted)).toEqual(["localhost/pause:latest"]);
  });

  test("filters", async () => {
    const app = ["registry.example/shop/app:1"];
    expect(await names("-f", "label=team")).toEqual(app);
    expect(await names("-f", "label=team=shop", "-f", "label=tier=web")).toEqual(app);
    expect(await names("-f", "label=team=shop,label=tier=db")).toEqual([]);
    expect(await names("-f", "label!=team", "-a")).not.toContain(app[0]);
    expect(await names("--filter", "since=busybox")).toEqual(app);
    expect(await names("-f", "before=registry.example/shop/app:1")).toContain("localhost/pause:latest");
    expect(await names("-f", "before=registry.example/shop/app:1", "-f", "since=busybox")).toEqual([]);
    expect(await names("-f", "dangling=true")).toEqual([]);
    expect(await names("-f", "dangling=false", "pause")).toEqual(["localhost/pause:latest"]);
    succeeded(await world.podman(["untag", images.pause.id]), "podman untag");
    try {
      expect(await names("-f", "dangling=true")).toEqual(["<none>:<none>"]);
    } finally {
      succeeded(await world.podman(["tag", images.pause.id, images.pause.name]), "podman tag");
    }
    // The pause image is that of the configuration.
    expect(await names("-f", "pinned=true")).toEqual(["localhost/pause:latest"]);
    expect(await names("-f", "in-use=true")).toEqual([]);
    succeeded(
      await world.podman(["create", "--name", "user", "registry.example/shop/app:1"]),
      "podman create",
    );
    expect(await names("-f", "in-use=true")).toEqual(app);
    expect(await names("-f", "in-use!=true", "-f", "pinned=false", "app")).toEqual([]);
    succeeded(await world.podman(["rm", "user"]), "podman rm");
  });

  test("wrong filters are wrong usage; an image that is not there is no more than that", async () => {
    for (const filter of ["bogus=1", "dangling=[x]", "label", "since=", "pinned=yes"]) {
      const { stdout, exitCode } = await world.kpod(["images", "-f", filter]);
      expect([filter, stdout, exitCode]).toEqual([filter, "", 2]);
    }
    const { stderr, exitCode } = await world.kpod(["images", "-f", "since=nosuch"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("image nosuch is not in the store");
  });

  test("digests are shown, also where the record has none, and 1.0's fields", async () => {
    const [heading, row] = await cells("--digests", "pause");
    expect(heading).toEqual(["REPOSITORY", "TAG", "DIGEST", "IMAGE ID", "CREATED", "SIZE"]);
    expect(row?.slice(0, 4)).toEqual(["localhost/pause", "latest", images.pause.digest, old]);
    expect(await kpod("-n", "--notruncate", "--format", "table {{.ID}}\t{{.Name}}", "pause")).toBe(
      `${images.pause.id}   localhost/pause:latest\n`,
    );
    expect(await kpod("--format", "table {{.Name}}", "pause")).toBe("IMAGE NAME\nlocalhost/pause:latest\n");
    const file = join(world.root, "overlay-images/images.json");
    const before = readFileSync(file, "utf8");
    writeFileSync(
      file,
      before.replaceAll(/"digest":"[^"]*",/g, "").replaceAll(/"big-data-digests":\{[^}]*\},?/g, ""),
    );
    try {
      expect((await listed()).get(images.pause.id)?.digest).toBe(images.pause.digest);
    } finally {
      writeFileSync(file, before);
    }
  });
});
