import type { Config } from "../config";
import type { Environment } from "../config/environment";
import { readShortNames } from "../config/registries-conf";
import { KpodError } from "../errors";
import { canonicalRepository, registryOf, requireImageName, splitName } from "../names/image-names";

/** What an image that is to be pulled may be called in full. */
export interface PullNames {
  /** With registry and tag or digest, in the order in which they are tried. */
  names: readonly string[];
  /** The registries.conf that skopeo is to read instead of the system's. */
  registriesFile: string | undefined;
}

/**
 * The full name of an image whose name has a registry: `docker.io/busybox` is `docker.io/library/busybox:latest`,
 * `index.docker.io` is `docker.io`, and beside a digest a tag says nothing.
 */
export function fullName(name: string): string {
  const { repository, tag, digest } = splitName(name);
  return canonicalRepository(repository) + (digest === undefined ? `:${tag ?? "latest"}` : `@${digest}`);
}

/**
 * The names under which an image is looked for in registries. One without a registry may be an alias of registries.conf;
 * `library/busybox` is else docker.io's, and `busybox` is looked for in the registries of registries.conf and then in
 * those of crio.conf.
 * @throws KpodError BAD_ARGUMENT for what is no name, or one that cannot be looked for; BAD_CONFIG
 */
export function pullNames(
  wanted: string,
  config: Pick<Config, "registries">,
  environment: Environment = process.env,
): PullNames {
  requireImageName(wanted);
  const { search, aliases, mode, file } = readShortNames(environment);
  const found = (names: readonly string[]): PullNames => ({ names, registriesFile: file });
  const { repository } = splitName(wanted);
  const rest = wanted.slice(repository.length);
  if (registryOf(repository) !== undefined) return found([fullName(wanted)]);
  const alias = Object.hasOwn(aliases, repository) ? aliases[repository] : undefined;
  if (alias !== undefined && alias !== "") return found([fullName(alias + rest)]);
  if (repository.includes("/")) return found([fullName(`docker.io/${wanted}`)]);
  const registries = [...new Set([...search, ...config.registries])];
  if (registries.length === 0) {
    throw new KpodError("BAD_ARGUMENT", `${wanted} names no registry, and none is configured to look in`, {
      hint: `give docker.io/library/${wanted}, or set unqualified-search-registries in registries.conf`,
    });
  }
  if (mode === "enforcing" && registries.length > 1) {
    throw new KpodError("BAD_ARGUMENT", `${wanted} may be of ${registries.join(", ")}`, {
      hint: "name the registry: short-name-mode of registries.conf is enforcing",
    });
  }
  return found(registries.map((registry) => fullName(`${registry.replace(/\/+$/, "")}/${wanted}`)));
}
