import { existsSync, statSync, type Stats } from "node:fs";
import { join } from "node:path";
import { describeErrno, KpodError } from "../errors";
import { fileLimits, isRecord, kindOf, parseJson, readTextIfThere } from "../system/files";
import { absolutePath } from "../system/paths";
import { sha256 } from "../system/sha256";

/** One image in a file or directory that is to be loaded. */
export interface ArchivedImage {
  /** How skopeo reads the file or directory. */
  transport: "docker-archive" | "oci-archive" | "oci";
  /** What picks this image out of it, with the colon before it; "" when there is only one. */
  selector: string;
  /** The name it bears in it; undefined when it bears none. */
  name: string | undefined;
  /** Twelve digits that tell an image without a name from the others: of its digest in the archive. */
  mark?: string;
  /** Its entry in the index, where skopeo cannot pick it out of the layout: it has no name among several. */
  entry?: Readonly<Record<string, unknown>>;
}

/**
 * Reads which images an OCI layout directory, an OCI archive or a docker archive holds.
 * @throws KpodError NOT_FOUND, or BAD_ARGUMENT when it is none of these
 */
export async function readArchive(path: string): Promise<ArchivedImage[]> {
  if (isDirectory(path)) {
    if (!existsSync(join(path, "oci-layout"))) throw notAnImage(path, "the directory has no oci-layout file");
    return fromOciIndex("oci", path, readTextIfThere(join(path, "index.json"), fileLimits.imageData));
  }
  const manifest = await readMember(path, "manifest.json");
  if (manifest !== undefined) return fromDockerManifest(path, manifest);
  return fromOciIndex("oci-archive", path, await readMember(path, "index.json"));
}

/** @throws KpodError NOT_FOUND; BAD_ARGUMENT for what is neither a directory nor a regular file, and could make tar wait */
function isDirectory(path: string): boolean {
  let stat: Stats;
  try {
    stat = statSync(path);
  } catch (error) {
    throw new KpodError("NOT_FOUND", `cannot load ${path}: ${describeErrno(error)}`, { cause: error });
  }
  if (!stat.isDirectory() && !stat.isFile()) throw notAnImage(path, `it is a ${kindOf(stat)}`);
  if (stat.isFile() && stat.size === 0) throw notAnImage(path, "it is empty");
  return stat.isDirectory();
}

/**
 * The digests of the layers of the images in a file or directory, as far as they can be read: packed ones of OCI,
 * unpacked ones of docker.
 */
export async function readLayerDigests(path: string): Promise<Set<string>> {
  const read = async (member: string): Promise<unknown> => {
    const text = isDirectory(path)
      ? readTextIfThere(join(path, member), fileLimits.imageData)
      : await readMember(path, member);
    return text === undefined ? undefined : parseJson(`${member} of ${path}`, text);
  };
  const listOf = (value: unknown, key: string): Record<string, unknown>[] =>
    isRecord(value) && Array.isArray(value[key]) ? value[key].filter(isRecord) : [];
  const digests: unknown[] = [];
  try {
    const docker = await read("manifest.json");
    for (const { Config } of Array.isArray(docker) ? docker.filter(isRecord) : []) {
      const config = typeof Config === "string" ? await read(Config) : undefined;
      const rootfs = isRecord(config) && isRecord(config.rootfs) ? config.rootfs : {};
      if (Array.isArray(rootfs.diff_ids)) for (const id of rootfs.diff_ids as unknown[]) digests.push(id);
    }
    for (const { digest } of docker === undefined ? listOf(await read("index.json"), "manifests") : []) {
      const [, hex] = /^sha256:([0-9a-f]{64})$/.exec(String(digest)) ?? [];
      const manifest = hex === undefined ? undefined : await read(`blobs/sha256/${hex}`);
      for (const layer of listOf(manifest, "layers")) digests.push(layer.digest);
    }
  } catch (error) {
    // Damaged: what could be read of it is all that could come into a store.
    if (!(error instanceof KpodError)) throw error;
  }
  return new Set(digests.filter((digest) => typeof digest === "string"));
}

/** The text of one file of an archive, compressed or not; undefined when it has no such file. */
async function readMember(path: string, member: string): Promise<string | undefined> {
  const { execa } = await import("execa");
  // From a relative path with a colon tar would read a host's name.
  const file = `--file=${absolutePath("the archive", path)}`;
  let complaint = "";
  for (const name of [member, `./${member}`]) {
    const words = ["--extract", "--to-stdout", file, "--", name];
    const result = await execa("tar", words, {
      reject: false,
      env: { LC_ALL: "C" },
      cwd: "/",
      maxBuffer: fileLimits.imageData,
    });
    if (!result.failed) return result.stdout;
    complaint = result.stderr.trim();
  }
  if (/not found in archive/i.test(complaint)) return undefined;
  throw notAnImage(path, complaint.split("\n")[0] ?? "tar cannot read it");
}

function fromDockerManifest(path: string, text: string): ArchivedImage[] {
  const entries = parseJson(`manifest.json of ${path}`, text);
  if (!Array.isArray(entries)) throw notAnImage(path, "its manifest.json is not a list");
  return entries.filter(isRecord).flatMap((entry, index): ArchivedImage[] => {
    const tags = Array.isArray(entry.RepoTags) ? entry.RepoTags.filter((tag) => typeof tag === "string") : [];
    if (tags.length === 0) {
      return [
        { transport: "docker-archive", selector: `:@${index}`, name: undefined, mark: markOf(entry.Config) },
      ];
    }
    return tags.map((tag) => ({ transport: "docker-archive", selector: `:${tag}`, name: tag }));
  });
}

function fromOciIndex(
  transport: "oci" | "oci-archive",
  path: string,
  text: string | undefined,
): ArchivedImage[] {
  if (text === undefined) throw notAnImage(path, "it has neither manifest.json nor index.json");
  const index = parseJson(`index.json of ${path}`, text);
  const manifests = isRecord(index) && Array.isArray(index.manifests) ? index.manifests.filter(isRecord) : [];
  if (manifests.length === 0) throw notAnImage(path, "its index.json names no image");
  return manifests.map((entry) => {
    const { annotations } = entry;
    const given = isRecord(annotations) ? annotations["org.opencontainers.image.ref.name"] : undefined;
    if (typeof given === "string" && given !== "") return { transport, selector: `:${given}`, name: given };
    const unnamed: ArchivedImage = { transport, selector: "", name: undefined, mark: markOf(entry.digest) };
    return manifests.length === 1 ? unnamed : { ...unnamed, entry };
  });
}

/** Both kinds of archives name what is in them by its SHA-256; what does not is told apart by that of its name. */
function markOf(place: unknown): string {
  const text = String(place);
  const hex = /[0-9a-f]{64}/.exec(text)?.[0] ?? sha256(text).toString("hex");
  return hex.slice(0, 12);
}

function notAnImage(path: string, cause: string): KpodError {
  return new KpodError("BAD_ARGUMENT", `${path} is not an image archive: ${cause}`, {
    hint: "give a docker archive, an OCI archive or an OCI layout directory",
  });
}
