import { KpodError } from "../errors";

/** The parts of an image's name. */
export interface ImageName {
  /** `docker.io/library/busybox` */
  repository: string;
  tag: string | undefined;
  /** `sha256:…` */
  digest: string | undefined;
}

/** Takes an image's name apart: `REPOSITORY[:TAG][@DIGEST]`. A port in the repository is no tag. */
export function splitName(name: string): ImageName {
  const parts = /^(.*?)(?::([^/:@]+))?(?:@([a-z0-9+._-]+:[0-9a-f]+))?$/.exec(name);
  return { repository: parts?.[1] ?? name, tag: parts?.[2], digest: parts?.[3] };
}

const hostPart = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const host = `${hostPart}(?:\\.${hostPart})*(?::[0-9]+)?`;
const pathPart = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const tag = "[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}";
const digest = "(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})";
const reference = new RegExp(`^((?:${host}/)?${pathPart}(?:/${pathPart})*)(?::${tag})?(?:@${digest})?$`);

/** The longest name without tag and digest. */
const longestRepository = 255;

/**
 * True for what containers/image, and so CRI-O of any version, takes for the name of an image, with or without
 * registry, tag and digest: `busybox`, `registry.example/app:v1`, `localhost:5000/app@sha256:…`. What is made of 64 hex digits
 * alone is an id, and registries are named by a host or its IPv4 address: of IPv6 older versions know nothing.
 */
export function isImageName(text: string): boolean {
  const repository = reference.exec(text)?.[1];
  if (repository === undefined || /^[0-9a-f]{64}$/.test(text)) return false;
  const [first = "", ...rest] = repository.split("/");
  // What could be a host is one only where it cannot be a part of a path; else the name is docker.io's.
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  if (!hasRegistry && first !== first.toLowerCase()) return false;
  const official = rest.length === 0 ? "library/" : "";
  return (hasRegistry ? repository : `docker.io/${official}${repository}`).length <= longestRepository;
}

/**
 * Sees to it that a text is the name of an image.
 * @param hint what is said of one that is none also in small letters
 * @throws KpodError BAD_ARGUMENT
 */
export function requireImageName(
  text: string,
  hint = "it is [REGISTRY/]REPOSITORY[:TAG] or [REGISTRY/]REPOSITORY@DIGEST",
): void {
  if (isImageName(text)) return;
  const small = text.toLowerCase();
  throw new KpodError("BAD_ARGUMENT", `${JSON.stringify(text)} is not the name of an image`, {
    hint: isImageName(small) ? `repositories are written in small letters: ${small}` : hint,
  });
}

/** How a user may have called an image of the store: its names, the likeliest first. */
interface MeantNames {
  /** Names that fit as they are. */
  readonly names: readonly string[];
  /** Where a digest is given: repositories of which the image with that digest may be. */
  readonly repositories: readonly string[];
  readonly digest: string | undefined;
}

/**
 * The names by which the store can have what a user calls an image: one without a registry is docker.io's
 * (`docker.io/library/NAME` where it has no path), then of localhost, then the name as it stands. Without tag and
 * digest the tag is `latest`; beside a digest a tag does not count, as for docker.
 */
export function meantImageNames(wanted: string): MeantNames {
  const { repository, tag, digest } = splitName(wanted);
  const repositories = completedRepositories(repository);
  const ending = digest === undefined ? `:${tag ?? "latest"}` : `@${digest}`;
  return {
    names: [...new Set([...repositories.map((each) => `${each}${ending}`), wanted])],
    repositories: digest === undefined ? [] : repositories,
    digest,
  };
}

/**
 * The name under which an image is stored that a user names anew: as podman does, one without a registry is of
 * localhost, and one without a tag gets `latest`.
 * @throws KpodError BAD_ARGUMENT for what is no name of an image, and for a name with a digest
 */
export function newImageName(text: string): string {
  if (splitName(text).digest !== undefined) {
    throw new KpodError("BAD_ARGUMENT", `${text} has a digest: images are named by a tag`, {
      hint: "give REPOSITORY:TAG",
    });
  }
  requireImageName(text, "give [REGISTRY/]REPOSITORY[:TAG]");
  const { repository, tag } = splitName(text);
  const own =
    registryOf(repository) === undefined ? `localhost/${repository}` : canonicalRepository(repository);
  return `${own}:${tag ?? "latest"}`;
}

function completedRepositories(repository: string): string[] {
  if (registryOf(repository) !== undefined)
    return [...new Set([canonicalRepository(repository), repository])];
  const official = repository.includes("/") ? "" : "library/";
  return [`docker.io/${official}${repository}`, `localhost/${repository}`, repository];
}

/** The registry that a repository begins with; undefined for one of docker.io that does not say so. */
export function registryOf(repository: string): string | undefined {
  const slash = repository.indexOf("/");
  const first = repository.slice(0, Math.max(slash, 0));
  return /[.:]/.test(first) || first === "localhost" ? first : undefined;
}

/** docker.io has an older name, and its official images stand in `library`. */
export function canonicalRepository(repository: string): string {
  const path = /^(?:(?:index|registry-1)\.)?docker\.io\/(.+)$/.exec(repository)?.[1];
  if (path === undefined) return repository;
  return path.includes("/") ? `docker.io/${path}` : `docker.io/library/${path}`;
}
