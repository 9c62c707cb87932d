import { existsSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import type { Config } from "../config";
import { KpodError } from "../errors";
import type { Logger } from "../logger";
import type { StorageId } from "../names/ids";
import { newImageName, splitName } from "../names/image-names";
import { findImage } from "../storage/images";
import type { Store } from "../storage/store";
import { isRecord, parseJson } from "../system/files";
import { absolutePath } from "../system/paths";
import { loadImages, rollbackLayers } from "./load";
import { pullNames } from "./pull-names";
import { accessFlags, type RegistryAccess } from "./registry-access";
import { callSkopeo, requireSkopeo, storeReference, withScratch, type TransferProgress } from "./skopeo";

/** What of the configuration a transfer of images follows. */
export type TransferConfig = Pick<
  Config,
  | "storageOptions"
  | "signaturePolicyPath"
  | "insecureRegistries"
  | "globalAuthFile"
  | "pauseImage"
  | "pauseImageAuthFile"
  | "registries"
  | "defaultTransport"
>;

/** When an image is fetched: `newer` keeps the stored one where the registry cannot be reached. */
export type PullPolicy = "always" | "missing" | "newer";

/** How images are pulled. */
export interface PullOptions extends RegistryAccess {
  /** Default `always`. */
  policy?: PullPolicy | undefined;
  /** `OS/ARCH[/VARIANT]`; default the node's. */
  platform?: string | undefined;
  /** Every tag of the repository is pulled. */
  allTags?: boolean | undefined;
  progress?: TransferProgress | undefined;
  /** Ends the work. */
  signal?: AbortSignal | undefined;
  logger?: Logger | undefined;
}

/** How registries are asked for an image. */
export type PrepareOptions = Pick<PullOptions, keyof RegistryAccess | "platform" | "progress" | "signal">;

/** An image as it was pulled. */
export interface PulledImage {
  id: StorageId;
  /** Its name in the store. */
  name: string;
}

/** An image as it would be pulled (libkpod: the ImageCloser of PrepareImage). */
export interface PreparedImage {
  /** The first name, with registry, under which it was found. */
  name: string;
  /** Digest of its manifest, or of the list of them that it stands in. */
  digest: string;
  architecture: string;
  os: string;
  labels: Record<string, string>;
  layers: string[];
}

/**
 * Pulls an image into the store; skopeo does the work, in a run directory of its own.
 * @param wanted a name as users write it, or `TRANSPORT:…` as skopeo knows them
 * @returns the image; of all tags or of an archive several
 * @throws KpodError BAD_ARGUMENT, BAD_CONFIG; NOT_FOUND, NOT_PERMITTED, IO with the reason of each registry that was asked;
 * UNSUPPORTED without skopeo and for a split image store; INTERRUPTED
 */
export async function pullImage(
  store: Store,
  config: TransferConfig,
  wanted: string,
  options: PullOptions = {},
): Promise<PulledImage[]> {
  const { imageStore } = store.layout;
  if (imageStore !== "") {
    throw new KpodError("UNSUPPORTED", `no images can be pulled into the split image store ${imageStore}`, {
      hint: "pull them with crictl or podman",
    });
  }
  const source = sourceOf(wanted, config.defaultTransport);
  if (source.transport !== "docker") return loadFrom(store, config, source, options);
  const { policy = "always", allTags = false } = options;
  const stored = policy === "always" || allTags ? undefined : await storedImage(store, source.name);
  if (policy === "missing" && stored !== undefined) return [stored];
  const skopeo = requireSkopeo("images are pulled");
  try {
    return await withScratch("pull", (scratch) =>
      fetch({ store, config, skopeo, scratch, options }, source.name),
    );
  } catch (error) {
    if (stored === undefined || !(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
    options.logger?.warn(`the stored image is kept: ${error.message}`);
    return [stored];
  }
}

/**
 * Asks the registries for an image without fetching it.
 * @throws KpodError as {@link pullImage}
 */
export async function prepareImage(
  config: TransferConfig,
  wanted: string,
  options: PrepareOptions = {},
): Promise<PreparedImage> {
  const source = sourceOf(wanted, config.defaultTransport);
  if (source.transport !== "docker") {
    throw new KpodError("UNSUPPORTED", `${wanted} is not in a registry`);
  }
  const skopeo = requireSkopeo("registries are asked");
  return withScratch("pull", async (scratch) => {
    const { names, registriesFile } = pullNames(source.name, config);
    return firstOf(names, options.progress, async (name) => {
      const flags = accessFlags("", name, options, { config, scratch });
      const text = await callSkopeo(skopeo, ["inspect", "--no-tags", ...flags, `docker://${name}`], {
        what: `look at ${name}`,
        scratch,
        config,
        globals: globalFlags(options.platform, registriesFile),
        signal: options.signal,
      });
      const said = parseJson(`skopeo on ${name}`, text);
      const { Digest, Architecture, Os, Labels, Layers } = isRecord(said) ? said : {};
      return {
        name,
        digest: textOf(Digest),
        architecture: textOf(Architecture),
        os: textOf(Os),
        labels: isRecord(Labels)
          ? Object.fromEntries(Object.entries(Labels).map(([key, value]) => [key, String(value)]))
          : {},
        layers: Array.isArray(Layers) ? Layers.map(String) : [],
      };
    });
  });
}

interface Source {
  transport: "docker" | "docker-archive" | "oci-archive" | "oci" | "dir";
  /** The image's name, or the path, with what picks an image out of it. */
  name: string;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Takes `TRANSPORT:NAME` apart; a bare name goes through `default_transport`. @throws KpodError BAD_ARGUMENT */
function sourceOf(wanted: string, defaultTransport: string): Source {
  const transport = /^(docker-archive|oci-archive|oci|dir):(?!\d+\/)(.+)$/s.exec(wanted);
  if (transport !== null) {
    return { transport: transport[1] as Source["transport"], name: transport[2] ?? "" };
  }
  if (wanted.startsWith("docker://")) return { transport: "docker", name: wanted.slice("docker://".length) };
  if (
    /^[a-z-]+:\/\//.test(wanted) ||
    /^(?:containers-storage|docker-daemon|ostree|sif|tarball):/.test(wanted)
  ) {
    throw new KpodError("BAD_ARGUMENT", `nothing can be pulled by ${wanted.replace(/:.*$/s, ":")}`, {
      hint: "it pulls by docker://, oci:, dir:, docker-archive: and oci-archive:",
    });
  }
  if (defaultTransport === "" || defaultTransport === "docker://")
    return { transport: "docker", name: wanted };
  return sourceOf(`${defaultTransport}${wanted}`, "docker://");
}

async function storedImage(store: Store, wanted: string): Promise<PulledImage | undefined> {
  if (!store.exists()) return undefined;
  const image = findImage(await store.images(), wanted);
  return image === undefined ? undefined : { id: image.id, name: image.names?.[0] ?? wanted };
}

interface Fetching {
  store: Store;
  config: TransferConfig;
  skopeo: string;
  scratch: string;
  options: PullOptions;
}

async function fetch(fetching: Fetching, wanted: string): Promise<PulledImage[]> {
  const { config, options } = fetching;
  const { names, registriesFile } = pullNames(wanted, config);
  return firstOf(names, options.progress, async (name) => {
    const copyOf = async (full: string): Promise<PulledImage> => copy(fetching, full, registriesFile);
    if (options.allTags !== true) return [await copyOf(name)];
    const { repository } = splitName(name);
    const pulled: PulledImage[] = [];
    for (const tag of await tagsOf(fetching, repository, registriesFile)) {
      pulled.push(await copyOf(`${repository}:${tag}`));
    }
    return pulled;
  });
}

/** Tries each name until one works. @throws KpodError that says of each why it did not */
async function firstOf<T>(
  names: readonly string[],
  progress: TransferProgress | undefined,
  attempt: (name: string) => Promise<T>,
): Promise<T> {
  const errors: KpodError[] = [];
  for (const name of names) {
    progress?.onLine?.(`Trying to pull ${name}...`);
    try {
      return await attempt(name);
    } catch (error) {
      if (!(error instanceof KpodError) || error.code === "INTERRUPTED" || names.length === 1) throw error;
      errors.push(error);
    }
  }
  const code = errors.every((error) => error.code === "NOT_FOUND") ? "NOT_FOUND" : "IO";
  throw new KpodError(code, errors.map(({ message }) => message).join("; "), { cause: errors[0] });
}

async function tagsOf(
  { config, skopeo, scratch, options }: Fetching,
  repository: string,
  registriesFile: string | undefined,
): Promise<string[]> {
  const flags = accessFlags("", repository, options, { config, scratch });
  const text = await callSkopeo(skopeo, ["list-tags", ...flags, `docker://${repository}`], {
    what: `list the tags of ${repository}`,
    scratch,
    config,
    globals: globalFlags(undefined, registriesFile),
    signal: options.signal,
  });
  const said = parseJson(`skopeo on ${repository}`, text);
  return isRecord(said) && Array.isArray(said.Tags) ? said.Tags.map(String).sort() : [];
}

async function copy(
  fetching: Fetching,
  name: string,
  registriesFile: string | undefined,
): Promise<PulledImage> {
  const { config, scratch, options } = fetching;
  const flags = accessFlags("src-", name, options, { config, scratch });
  const globals = globalFlags(options.platform, registriesFile);
  return copyIntoStore(fetching, `docker://${name}`, { name, flags, globals });
}

async function copyIntoStore(
  { store, config, skopeo, scratch, options }: Fetching,
  source: string,
  { name, flags, globals }: { name: string; flags: string[]; globals: string[] },
): Promise<PulledImage> {
  const before = new Set((await store.layers()).map(({ id }) => id));
  const target = `${storeReference(store, config, join(scratch, "run"))}${name}`;
  try {
    await callSkopeo(skopeo, ["copy", ...flags, source, target], {
      what: `pull ${name}`,
      scratch,
      config,
      globals,
      signal: options.signal,
      progress: options.progress,
    });
  } catch (error) {
    // Whole layers stay, and the next pull goes on with them. Whatever changes the layers deletes first those that say
    // that they are incomplete, and here that is all there is to do.
    await rollbackLayers(store, before, {
      digests: () => Promise.resolve(new Set()),
      left: "layers may be left in the store by half",
      logger: options.logger,
    });
    throw error;
  }
  return { id: (await store.image(name)).id, name };
}

/** @throws KpodError BAD_ARGUMENT for what is no platform */
function globalFlags(platform: string | undefined, registriesFile: string | undefined): string[] {
  const files = registriesFile === undefined ? [] : ["--registries-conf", registriesFile];
  if (platform === undefined) return files;
  const [, os, architecture, variant] = /^([a-z0-9]+)\/([a-z0-9_]+)(?:\/([a-z0-9]+))?$/.exec(platform) ?? [];
  if (os === undefined || architecture === undefined) {
    throw new KpodError("BAD_ARGUMENT", `${platform} is not a platform`, {
      hint: "it is OS/ARCH or OS/ARCH/VARIANT, as linux/arm64",
    });
  }
  const overrides = ["--override-os", os, "--override-arch", architecture];
  return [...files, ...overrides, ...(variant === undefined ? [] : ["--override-variant", variant])];
}

/** What is on this node: archives and layouts are loaded with their names, a directory is called after itself. */
async function loadFrom(
  store: Store,
  config: TransferConfig,
  { transport, name }: Source,
  options: PullOptions,
): Promise<PulledImage[]> {
  if (transport === "dir") {
    const directory = absolutePath("the directory", name);
    const stem = basename(directory)
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "");
    const skopeo = requireSkopeo("images are pulled");
    return withScratch("pull", async (scratch) => {
      // skopeo takes a path without a colon.
      const source = join(scratch, "image");
      symlinkSync(directory, source);
      const called = newImageName(stem === "" ? "image" : stem);
      const globals = globalFlags(options.platform, undefined);
      const fetching = { store, config, skopeo, scratch, options };
      return [await copyIntoStore(fetching, `dir:${source}`, { name: called, flags: [], globals })];
    });
  }
  const colon = existsSync(name) ? -1 : name.indexOf(":");
  const [path, pick] = colon < 0 ? [name, undefined] : [name.slice(0, colon), name.slice(colon + 1)];
  const { signal, logger } = options;
  return loadImages(store, config, path, { pick, signal, logger });
}
