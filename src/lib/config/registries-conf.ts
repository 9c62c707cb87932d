import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ifThere } from "../errors";
import type { Environment } from "./environment";
import { oneOf, stringTable, texts, type ConfigKeys } from "./keys";
import { readKeys } from "./read";
import { absolutePath } from "../system/paths";
import { readTomlFile, subsection, type TomlSection } from "./toml-file";

/** What registries.conf says of names of images that name no registry. */
export interface ShortNames {
  /** Registries to look in, in this order (`unqualified-search-registries`). */
  readonly search: readonly string[];
  /** Names that stand for others (`[aliases]`); "" where a later file has removed one. */
  readonly aliases: Record<string, string>;
  /** Whether more than one registry may be tried (`short-name-mode`). */
  readonly mode: "enforcing" | "permissive" | "disabled";
  /** The file that the environment names instead of the system's; undefined for none. */
  readonly file: string | undefined;
}

type Read = Pick<ShortNames, "aliases" | "mode"> & { search: string[] };

const topKeys: ConfigKeys<Pick<Read, "search" | "mode">> = {
  search: { name: "unqualified-search-registries", kind: texts },
  mode: { name: "short-name-mode", kind: oneOf("enforcing", "permissive", "disabled") },
};

/** Version 1 has `[registries.search] registries = […]`. */
const oldKeys: ConfigKeys<Pick<Read, "search">> = { search: { name: "registries", kind: texts } };

const systemDirectory = "/etc/containers";

/**
 * Reads registries.conf, of version 2 or 1, with its drop-ins, as far as it tells what a short name means; the rest of it
 * (mirrors, blocked and insecure registries) is skopeo's to read.
 * @param directory of the system's file and drop-ins
 * @throws KpodError BAD_CONFIG
 */
export function readShortNames(environment: Environment, directory = systemDirectory): ShortNames {
  const given = [environment.CONTAINERS_REGISTRIES_CONF, environment.REGISTRIES_CONFIG_PATH].find(
    (path) => path !== undefined && path !== "",
  );
  const main = given ?? join(directory, "registries.conf");
  const files = given !== undefined || existsSync(main) ? [main] : [];
  let names: Read = { search: [], aliases: {}, mode: "permissive" };
  for (const file of [...files, ...dropIns(join(directory, "registries.conf.d"))]) {
    names = withFile(names, readTomlFile(file));
  }
  // skopeo is called elsewhere than kpod.
  return { ...names, file: given === undefined ? undefined : absolutePath("the registries.conf", given) };
}

const aliasKeys: ConfigKeys<Pick<Read, "aliases">> = {
  aliases: { name: "aliases", kind: { ...stringTable, combine: (before, read) => ({ ...before, ...read }) } },
};

function withFile(before: Read, file: TomlSection): Read {
  const old = subsection(file, "registries");
  const search = old === undefined ? undefined : subsection(old, "search");
  return {
    ...before,
    ...readKeys(search, oldKeys, before),
    ...readKeys(file, topKeys, before),
    ...readKeys(file, aliasKeys, before),
  };
}

function dropIns(directory: string): string[] {
  return (ifThere(() => readdirSync(directory)) ?? [])
    .filter((name) => name.endsWith(".conf"))
    .sort()
    .map((name) => join(directory, name));
}
