import { KpodError } from "../errors";
import { isRecord, parseJson } from "../system/files";
import type { ImageRecord } from "./records";
import type { Store } from "./store";

/** How an image wants to be run: the `config` of an OCI image configuration. Keys stand as in the file. */
export interface ImageConfigData {
  User?: string;
  Env?: string[];
  Entrypoint?: string[];
  Cmd?: string[];
  WorkingDir?: string;
  Labels?: Record<string, string>;
  StopSignal?: string;
  Volumes?: Record<string, unknown>;
  ExposedPorts?: Record<string, unknown>;
}

/** An OCI image configuration (docker's has the same fields). */
export interface ImageConfigFile {
  created?: string;
  author?: string;
  architecture?: string;
  os?: string;
  config?: ImageConfigData;
  history?: { created?: string; created_by?: string; comment?: string; empty_layer?: boolean }[];
  [unknown: string]: unknown;
}

/**
 * Reads the manifest of an image.
 * @throws KpodError CORRUPT when it is missing or not a JSON object
 */
export function readImageManifest(store: Store, image: ImageRecord): Record<string, unknown> {
  const what = `the manifest of image ${image.id.slice(0, 13)}`;
  return readObject(what, store.imageData(image.id, "manifest"));
}

/**
 * Reads the configuration of an image through its manifest.
 * @throws KpodError CORRUPT when manifest or configuration are missing or not JSON, UNSUPPORTED for an image of
 * docker's schema 1
 */
export function readImageConfig(
  store: Store,
  image: ImageRecord,
  manifest = readImageManifest(store, image),
): ImageConfigFile {
  const digest = isRecord(manifest.config) ? manifest.config.digest : undefined;
  if (typeof digest !== "string") {
    throw new KpodError(
      "UNSUPPORTED",
      `image ${image.id.slice(0, 13)} has a manifest without a configuration`,
      {
        hint: "images of docker's old schema 1 cannot be used",
      },
    );
  }
  const what = `the configuration of image ${image.id.slice(0, 13)}`;
  return readObject(what, store.imageData(image.id, digest));
}

function readObject(what: string, data: Buffer): Record<string, unknown> {
  const value = parseJson(what, data.toString("utf8"));
  if (!isRecord(value)) throw new KpodError("CORRUPT", `${what} is not an object`);
  return value;
}
