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
 * Reads the configuration of an image through its manifest.
 * @throws KpodError CORRUPT when manifest or configuration are missing or not JSON
 */
export function readImageConfig(store: Store, image: ImageRecord): ImageConfigFile {
  const manifest = parseJson(
    `the manifest of image ${image.id.slice(0, 13)}`,
    store.imageData(image.id, "manifest").toString("utf8"),
  );
  const descriptor = isRecord(manifest) ? manifest.config : undefined;
  const digest = isRecord(descriptor) ? descriptor.digest : undefined;
  if (typeof digest !== "string") {
    throw new KpodError(
      "UNSUPPORTED",
      `image ${image.id.slice(0, 13)} has a manifest without a configuration`,
      {
        hint: "images of docker's old schema 1 cannot be used",
      },
    );
  }
  const file = parseJson(
    `the configuration of image ${image.id.slice(0, 13)}`,
    store.imageData(image.id, digest).toString("utf8"),
  );
  if (!isRecord(file)) {
    throw new KpodError("CORRUPT", `the configuration of image ${image.id.slice(0, 13)} is not an object`);
  }
  return file;
}
