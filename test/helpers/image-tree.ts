import { createHash } from "node:crypto";
import { testId } from "./store-tree";
import type { Tree } from "./testdir";

/** A layer of a store. */
export interface TestLayer {
  readonly id: string;
  readonly parent?: string;
  /** Files below its diff directory. */
  readonly files?: Readonly<Record<string, string>>;
  /** Fields of its record: `{ "diff-size": 10 }`. */
  readonly record?: Readonly<Record<string, unknown>>;
  /** The layers beneath, the nearest first, as the overlay driver notes them. */
  readonly lower?: readonly string[];
}

/** An image of a store. */
export interface TestImage {
  readonly id: string;
  readonly names?: readonly string[];
  /** Id of its top layer. */
  readonly layer: string;
  /** Its configuration; a text stands there as it is. */
  readonly config?: Readonly<Record<string, unknown>> | string;
  /** Its manifest; without it one that names the configuration. Null: the store has lost it. */
  readonly manifest?: Readonly<Record<string, unknown>> | string | null;
  readonly record?: Readonly<Record<string, unknown>>;
}

/** The digest of the manifest of {@link imageTree}'s images. */
export function testDigest(image: TestImage): string {
  return `sha256:${createHash("sha256").update(manifestOf(image)).digest("hex")}`;
}

function manifestOf({ id, manifest }: TestImage): string {
  if (typeof manifest === "string") return manifest;
  const usual = { schemaVersion: 2, config: { digest: `sha256:${id}` }, layers: [] };
  return JSON.stringify(manifest ?? usual);
}

function imageRecord(image: TestImage): Record<string, unknown> {
  const digest = testDigest(image);
  return {
    id: image.id,
    digest,
    names: image.names ?? [],
    "names-history": image.names ?? [],
    layer: image.layer,
    metadata: "{}",
    "big-data-names": [`sha256:${image.id}`, "manifest"],
    created: "2023-11-14T22:13:19.000000001Z",
    ...image.record,
  };
}

/** What the overlay driver calls a layer in the options of mounts. */
function linkName(id: string): string {
  return testId(`link to ${id}`).slice(0, 26).toUpperCase();
}

function layerFiles({ id, files = {}, lower = [] }: TestLayer): [string, Tree[string]][] {
  const place = `root/overlay/${id}`;
  return [
    [`${place}/diff/`, null],
    [`${place}/link`, linkName(id)],
    [`root/overlay/l/${linkName(id)}`, { symlink: `../${id}/diff` }],
    [`root/overlay-layers/${id}.tar-split.gz`, "tar-split"],
    ...(lower.length === 0
      ? []
      : [[`${place}/lower`, lower.map((layer) => `l/${linkName(layer)}`).join(":")] as [string, string]]),
    ...Object.entries(files).map(([name, text]): [string, string] => [`${place}/diff/${name}`, text]),
  ];
}

function imageFiles(image: TestImage): [string, string][] {
  const place = `root/overlay-images/${image.id}`;
  const config = typeof image.config === "string" ? image.config : JSON.stringify(image.config ?? {});
  const name = `=${Buffer.from(`sha256:${image.id}`).toString("base64")}`;
  const files: [string, string][] = [[`${place}/${name}`, config]];
  return image.manifest === null ? files : [...files, [`${place}/manifest`, manifestOf(image)]];
}

/** Images and layers of a store of the overlay driver as files for testdir, to go with `storeTree`. */
export function imageTree(images: readonly TestImage[], layers: readonly TestLayer[]): Tree {
  const layerRecords = layers.map(({ id, parent, record }) => ({
    id,
    ...(parent === undefined ? {} : { parent }),
    created: "2023-11-14T22:13:18Z",
    ...record,
  }));
  return {
    "root/overlay-images/images.json": JSON.stringify(images.map(imageRecord)),
    "root/overlay-images/images.lock": "",
    "root/overlay-layers/layers.json": JSON.stringify(layerRecords),
    "root/overlay-layers/layers.lock": "",
    ...Object.fromEntries([...images.flatMap(imageFiles), ...layers.flatMap(layerFiles)]),
  };
}
