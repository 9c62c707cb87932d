import { imageDigest } from "./digest";
import { readImageConfig, readImageManifest, type ImageConfigFile } from "../storage/image-config";
import { readLayerSizes } from "../storage/layer-sizes";
import type { ImageRecord } from "../storage/records";
import type { Store } from "../storage/store";
import { isRecord } from "../system/files";
import { imageComment, shownImageConfig, imageCreatedBy, type ShownImageConfig } from "./config-data";
import { textMap, textOf, textsOf } from "../system/go-json";
import { graphDriverOf, type ShownGraphDriver } from "./graph-driver";
import { splitName } from "../names/image-names";

/** Everything of an image, as inspect shows it (ImageData of kpod 1.0). The keys stand in kpod 1.0's order. */
export interface ImageData {
  ID: string;
  /** Its names with a tag. */
  Tags: string[];
  /** Its names with its digest. */
  Digests: string[];
  Digest: string;
  Comment: string;
  /** When it was built, RFC 3339; when it came into the store where it does not say. */
  Created: string;
  /** The container that docker made it from. */
  Container: string;
  Author: string;
  Config: ShownImageConfig;
  Architecture: string;
  OS: string;
  Annotations: Record<string, string>;
  CreatedBy: string;
  /** Bytes of all its layers; both are the same since layers have no owner. */
  Size: number;
  VirtualSize: number;
  GraphDriver: ShownGraphDriver;
  RootFS: { type: string; diff_ids: string[] };
}

/**
 * Collects everything of an image. Nothing is written.
 * @param wanted name, id, unique prefix of the id, or `name@digest`
 * @throws KpodError NOT_FOUND, AMBIGUOUS; CORRUPT when its manifest, configuration or layers are damaged;
 * UNSUPPORTED for an image of docker's schema 1; INTERRUPTED
 */
export async function imageData(store: Store, wanted: string, signal?: AbortSignal): Promise<ImageData> {
  const image = await store.image(wanted);
  const manifest = readImageManifest(store, image);
  const file = readImageConfig(store, image, manifest);
  const digest = imageDigest(store, image);
  const size = await (await readLayerSizes(store, signal)).ofChain(image.layer);
  return {
    ID: image.id,
    ...namesOf(image, digest),
    Digest: digest,
    Comment: imageComment(file),
    Created: textOf(file.created) === "" ? (image.created ?? "") : textOf(file.created),
    Container: textOf(file.container),
    Author: textOf(file.author),
    Config: shownImageConfig(file),
    Architecture: textOf(file.architecture),
    OS: textOf(file.os),
    Annotations: textMap(manifest.annotations),
    CreatedBy: imageCreatedBy(file),
    Size: size,
    VirtualSize: size,
    GraphDriver: graphDriverOf(store, image.layer),
    RootFS: rootFsOf(file),
  };
}

function namesOf(image: ImageRecord, digest: string): Pick<ImageData, "Tags" | "Digests"> {
  const names = image.names ?? [];
  const repositories = new Set(names.map((name) => splitName(name).repository));
  const given = names.filter((name) => splitName(name).digest !== undefined);
  return {
    Tags: names.filter((name) => splitName(name).digest === undefined),
    Digests: [...new Set([...given, ...[...repositories].map((repository) => `${repository}@${digest}`)])],
  };
}

function rootFsOf(file: ImageConfigFile): ImageData["RootFS"] {
  const rootFs = isRecord(file.rootfs) ? file.rootfs : {};
  return { type: textOf(rootFs.type), diff_ids: textsOf(rootFs.diff_ids) };
}
