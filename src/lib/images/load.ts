import { existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import type { Config } from "../config";
import { KpodError } from "../errors";
import { findExecutable } from "../oci/executable";
import { runtimeMessage } from "../oci/runtime-call";
import type { Store } from "../storage/store";
import { readArchive, type ArchivedImage } from "./archive";

/** How images are loaded. */
export interface LoadOptions {
  /** The name to give; default the one that the image bears in its archive. */
  tag?: string | undefined;
  /** Ends the work. */
  signal?: AbortSignal | undefined;
}

/** An image as it was loaded. */
export interface LoadedImage {
  id: string;
  name: string;
}

const usualPolicy = "/etc/containers/policy.json";

/**
 * Loads the images of a docker archive, an OCI archive or an OCI layout directory into the store; skopeo does
 * the work.
 * @throws KpodError NOT_FOUND, BAD_ARGUMENT when it is no archive of images or cannot be named, UNSUPPORTED
 * without skopeo, IO with skopeo's words when it fails
 */
export async function loadImages(
  store: Store,
  config: Pick<Config, "storageOptions" | "signaturePolicyPath">,
  path: string,
  options: LoadOptions = {},
): Promise<LoadedImage[]> {
  const images = await readArchive(path);
  const skopeo = findExecutable("", "/usr/bin/skopeo");
  if (skopeo === undefined) {
    throw new KpodError("UNSUPPORTED", "images are loaded by skopeo, which is not installed", {
      hint: "install it (Debian: apt-get install skopeo)",
    });
  }
  if (options.tag !== undefined && images.length > 1) {
    throw new KpodError(
      "BAD_ARGUMENT",
      `${path} holds ${images.length} images, which cannot all be ${options.tag}`,
    );
  }
  const loaded: LoadedImage[] = [];
  // skopeo takes the first colon after a path for the end of it, so it gets a path that has none.
  const scratch = mkdtempSync(join(tmpdir(), "kpod-load-"));
  try {
    const source = join(scratch, "image");
    symlinkSync(resolve(path), source);
    for (const image of images) {
      const name = options.tag ?? nameOf(image, path);
      await copy(skopeo, {
        image,
        source,
        destination: `containers-storage:${storeReference(store, config)}${name}`,
        config,
        options,
      });
      loaded.push({ name, id: (await store.image(name)).id });
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return loaded;
}

/** A name that is only a tag gets the name of the file before it. */
function nameOf(image: ArchivedImage, path: string): string {
  const stem = basename(resolve(path))
    .toLowerCase()
    .replace(/\.(tar|tgz|tar\.\w+|oci)$/, "")
    .replace(/[^a-z0-9._-]+/g, "-");
  const repository = `localhost/${/^[a-z0-9]/.test(stem) ? stem : "image"}`;
  if (image.name === undefined) return `${repository}:latest`;
  return /[/:]/.test(image.name) ? image.name : `${repository}:${image.name}`;
}

/** The store in the words of containers/image: `[DRIVER@ROOT+RUNROOT:OPTIONS]`. */
function storeReference(store: Store, config: Pick<Config, "storageOptions">): string {
  const { root, runRoot, driver } = store.layout;
  const options = config.storageOptions.length === 0 ? "" : `:${config.storageOptions.join(",")}`;
  return `[${driver}@${root}+${runRoot}${options}]`;
}

interface CopyRequest {
  image: ArchivedImage;
  source: string;
  destination: string;
  config: Pick<Config, "signaturePolicyPath">;
  options: LoadOptions;
}

async function copy(skopeo: string, request: CopyRequest): Promise<void> {
  const { image, source, destination, config, options } = request;
  const { execa } = await import("execa");
  const policy =
    config.signaturePolicyPath !== ""
      ? ["--policy", config.signaturePolicyPath]
      : existsSync(usualPolicy)
        ? []
        : ["--insecure-policy"];
  const args = [...policy, "copy", "--quiet", `${image.transport}:${source}${image.selector}`, destination];
  const result = await execa(skopeo, args, {
    reject: false,
    stdin: "ignore",
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  });
  if (result.isCanceled) throw new KpodError("INTERRUPTED", "interrupted while loading an image");
  if (result.failed) {
    const said = runtimeMessage(result.stderr);
    throw new KpodError("IO", `skopeo cannot load the image${said === "" ? "" : `: ${said}`}`);
  }
}
