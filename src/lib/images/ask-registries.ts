import { KpodError } from "../errors";
import type { Logger } from "../logger";
import { isRecord, parseJson } from "../system/files";
import { pullNames } from "./pull-names";
import { pullSource } from "./pull-source";
import { accessFlags, type RegistryAccess } from "./registry-access";
import { callSkopeo, requireSkopeo, withScratch, type TransferConfig, type TransferProgress } from "./skopeo";
import { textOf } from "../system/go-json";

/** How registries are asked for an image. */
export interface PrepareOptions extends RegistryAccess {
  /** `OS/ARCH[/VARIANT]`; default the node's. */
  platform?: string | undefined;
  progress?: TransferProgress | undefined;
  /** Ends the work. */
  signal?: AbortSignal | undefined;
  logger?: Logger | undefined;
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
 * Asks the registries for an image without fetching it.
 * @throws KpodError as {@link pullImage}
 */
export async function prepareImage(
  config: TransferConfig,
  wanted: string,
  options: PrepareOptions = {},
): Promise<PreparedImage> {
  const source = pullSource(wanted, config.defaultTransport);
  if (source.transport !== "docker") {
    throw new KpodError("UNSUPPORTED", `${wanted} is not in a registry`);
  }
  const skopeo = requireSkopeo("registries are asked");
  return withScratch("pull", async (scratch) => {
    const { names, registriesFile } = pullNames(source.name, config);
    const asking = { config, skopeo, scratch, options, registriesFile };
    return firstOf(names, options.progress, async (name) => {
      const what = `look at ${name}`;
      const { Digest, Architecture, Os, Labels, Layers } = await ask(
        asking,
        ["inspect", "--no-tags"],
        name,
        what,
      );
      const labels = isRecord(Labels) ? Object.entries(Labels) : [];
      return {
        name,
        digest: textOf(Digest),
        architecture: textOf(Architecture),
        os: textOf(Os),
        labels: Object.fromEntries(labels.map(([key, value]) => [key, String(value)])),
        layers: Array.isArray(Layers) ? Layers.map(String) : [],
      };
    });
  });
}

/** Tries each name until one works. @throws KpodError that says of each why it did not */
export async function firstOf<T>(
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

/** What registries are asked with. */
export interface Asking {
  readonly config: TransferConfig;
  readonly skopeo: string;
  readonly scratch: string;
  readonly options: PrepareOptions;
  /** The registries.conf that skopeo is to read instead of the system's. */
  readonly registriesFile: string | undefined;
}

/** The tags of a repository, sorted. @throws KpodError as {@link prepareImage} */
export async function tagsOf(asking: Asking, repository: string): Promise<string[]> {
  const anyPlatform = { ...asking, options: { ...asking.options, platform: undefined } };
  const { Tags } = await ask(anyPlatform, ["list-tags"], repository, `list the tags of ${repository}`);
  return Array.isArray(Tags) ? Tags.map(String).sort() : [];
}

async function ask(
  asking: Asking,
  command: readonly string[],
  name: string,
  what: string,
): Promise<Record<string, unknown>> {
  const { skopeo, scratch, config, options } = asking;
  const words = [...command, ...accessFlags("", name, options, asking), `docker://${name}`];
  const globals = askedGlobals(asking);
  const { signal, logger } = options;
  const said = await callSkopeo(skopeo, words, { what, scratch, config, globals, signal, logger });
  const answer = parseJson(`skopeo on ${name}`, said);
  return isRecord(answer) ? answer : {};
}

/** The flags that stand before skopeo's command. @throws KpodError BAD_ARGUMENT for what is no platform */
export function askedGlobals({ options: { platform }, registriesFile }: Asking): string[] {
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
