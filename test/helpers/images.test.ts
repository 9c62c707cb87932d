import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { makeBusyboxImage, makePauseImage } from "../../scripts/lib/image.mjs";
import type { ImageFiles } from "../../scripts/lib/image.mjs";
import { makeImageCache, testImages } from "./images";
import { runProcess, succeeded } from "./process";
import { testdir } from "./testdir";

interface Inspected {
  readonly Digest: string;
  readonly Layers: readonly string[];
  readonly Os: string;
  readonly Labels: Record<string, string> | null;
  readonly Env: readonly string[];
}

async function inspect(image: string): Promise<Inspected> {
  return JSON.parse(succeeded(await runProcess("skopeo", ["inspect", image]), "skopeo").stdout) as Inspected;
}

const configOf = async (image: string): Promise<{ config: Record<string, unknown> }> =>
  JSON.parse(succeeded(await runProcess("skopeo", ["inspect", "--config", image]), "skopeo").stdout) as {
    config: Record<string, unknown>;
  };

test("every blob of a layout is named by its digest", () => {
  const { layout } = testImages().pause;
  const blobs = join(layout, "blobs/sha256");
  const names = readdirSync(blobs);
  // Two layers, the config and the manifest.
  expect(names).toHaveLength(4);
  for (const name of names) {
    expect(
      createHash("sha256")
        .update(readFileSync(join(blobs, name)))
        .digest("hex"),
    ).toBe(name);
  }
});

test.each(["busybox", "pause"] as const)(
  "skopeo reads %s as layout, OCI archive and docker archive",
  async (kind) => {
    const image = testImages()[kind];
    const layout = await inspect(`oci:${image.layout}:${image.name}`);
    expect(layout.Digest).toBe(image.digest);
    expect(layout.Os).toBe("linux");
    expect(layout.Env.join()).toContain("PATH=");
    expect(await inspect(`oci-archive:${image.ociArchive}:${image.name}`)).toEqual(layout);
    const config = readFileSync(join(image.layout, "blobs/sha256", image.id), "utf8");
    const listed = execFileSync("tar", ["--list", "--file", image.dockerArchive], { encoding: "utf8" });
    expect(listed).toContain(`${image.id}.json`);
    const { stdout } = await runProcess("skopeo", [
      "inspect",
      "--config",
      "--raw",
      `docker-archive:${image.dockerArchive}`,
    ]);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(config));
  },
);

test("the same busybox gives the same images, and other settings give others", async () => {
  const directory = testdir();
  const identity = ({ id, digest }: ImageFiles): object => ({ id, digest });
  const { busybox, pause } = testImages();
  expect(identity(makeBusyboxImage(join(directory, "a")))).toEqual(identity(busybox));
  expect(identity(makePauseImage(join(directory, "b")))).toEqual(identity(pause));
  const config = { StopSignal: "SIGUSR1", Labels: { tier: "cache" } };
  const other = makeBusyboxImage(join(directory, "c"), { name: "localhost/other:1", config });
  expect(other.id).not.toBe(busybox.id);
  const shown = await configOf(`oci:${other.layout}:localhost/other:1`);
  expect(shown.config).toMatchObject({ StopSignal: "SIGUSR1", Labels: { tier: "cache" }, Cmd: ["sh"] });
  expect(readdirSync(join(directory, "c")).sort()).toEqual([
    "docker-archive.tar",
    "layout",
    "oci-archive.tar",
  ]);
});

test("the cache holds the files it names", () => {
  const { busybox, pause } = testImages();
  for (const { layout, ociArchive, dockerArchive } of [busybox, pause]) {
    for (const path of [layout, ociArchive, dockerArchive]) expect(existsSync(path)).toBe(true);
  }
  expect(testImages()).toEqual({ busybox, pause });
});

test("who comes second to the cache keeps what the first has put there", () => {
  const directory = testdir();
  const cache = join(directory, "cache");
  makeImageCache(cache);
  const first = readFileSync(join(cache, "images.json"), "utf8");
  makeImageCache(cache);
  expect(readFileSync(join(cache, "images.json"), "utf8")).toBe(first);
  expect(readdirSync(directory)).toEqual(["cache"]);
});
