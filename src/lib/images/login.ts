import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config";
import { readShortNames } from "../config/registries-conf";
import { KpodError } from "../errors";
import type { Logger } from "../logger";
import { isImageName } from "../names/image-names";
import {
  ownCredentialsFile,
  readCredentials,
  registryName,
  takeOver,
  withoutRegistry,
} from "./credentials-file";
import { connectionFlags, type RegistryAccess } from "./registry-access";
import { callSkopeo, requireSkopeo, withScratch } from "./skopeo";

/** Where credentials are kept, and how the registry is spoken to. */
export interface LoginOptions extends Omit<RegistryAccess, "credentials"> {
  /** Ends the work. */
  signal?: AbortSignal | undefined;
  logger?: Logger | undefined;
}

/** How credentials that are kept are looked for and removed. */
export type CredentialsOptions = Pick<LoginOptions, "authFile" | "signal" | "logger">;

/** What of the configuration logging in follows. */
export type LoginConfig = Pick<Config, "insecureRegistries" | "signaturePolicyPath">;

/** Who logs in. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/**
 * Has a registry tell that user and password are right, and keeps them in the file of credentials, or with the program
 * that this file or registries.conf names for it (`credHelpers`, `credential-helpers`). What others keep in the file stays.
 * @param registry `HOST[:PORT]`, or a path of it for whose images alone the credentials are
 * @throws KpodError BAD_ARGUMENT; NOT_PERMITTED where the registry refuses them; IO with skopeo's words; CORRUPT for a
 * file that holds no credentials; UNSUPPORTED without skopeo; INTERRUPTED
 */
export async function loginToRegistry(
  config: LoginConfig,
  registry: string,
  { user, password }: Login,
  options: LoginOptions = {},
): Promise<void> {
  const name = requireRegistryName(registry);
  if (user === "" || password === "") {
    throw new KpodError("BAD_ARGUMENT", `${user === "" ? "the user name" : "the password"} is empty`);
  }
  if (/[:\n]/.test(user)) throw new KpodError("BAD_ARGUMENT", "the user name has a colon or a line break");
  const words = [`--username=${user}`, "--password-stdin", ...connectionFlags("", name, options, config)];
  try {
    await changeCredentials(config, options, {
      what: `log in to ${name}`,
      words: ["login", ...words],
      registry: name,
      input: `${password}\n`,
    });
  } catch (error) {
    if (!(error instanceof KpodError) || error.code !== "NOT_PERMITTED" || error.hint === undefined)
      throw error;
    throw new KpodError("NOT_PERMITTED", `${name} refuses this user name or password`, { cause: error });
  }
}

/**
 * Removes the credentials for a registry.
 * @param registry as for {@link loginToRegistry}; undefined for all
 * @throws KpodError NOT_FOUND where there are none; BAD_ARGUMENT, CORRUPT, NOT_PERMITTED, IO, UNSUPPORTED, INTERRUPTED
 */
export async function logoutFromRegistry(
  config: LoginConfig,
  registry: string | undefined,
  options: CredentialsOptions = {},
): Promise<void> {
  const name = registry === undefined ? undefined : requireRegistryName(registry);
  await changeCredentials(config, options, {
    what: `log out of ${name ?? "the registries"}`,
    words: name === undefined ? ["logout", "--all"] : ["logout"],
    registry: name,
  });
}

/**
 * The user with whose credentials a registry is spoken to.
 * @throws KpodError NOT_FOUND where there are none; BAD_ARGUMENT, CORRUPT, NOT_PERMITTED, IO, UNSUPPORTED, INTERRUPTED
 */
export async function loggedInUser(
  config: LoginConfig,
  registry: string,
  options: CredentialsOptions = {},
): Promise<string> {
  const name = requireRegistryName(registry);
  const words = ["login", "--get-login"];
  const said = await changeCredentials(config, options, {
    what: `look for the credentials for ${name}`,
    words,
    registry: name,
  });
  return said.trim();
}

interface CredentialsCall {
  what: string;
  words: readonly string[];
  registry: string | undefined;
  input?: string;
}

/** Has skopeo change a copy of the credentials, for it would remove what it does not know, and takes the change over. */
async function changeCredentials(
  config: LoginConfig,
  { authFile, signal, logger }: CredentialsOptions,
  { what, words, registry, input }: CredentialsCall,
): Promise<string> {
  const file = ownCredentialsFile(authFile, process.env);
  const before = readCredentials(file);
  const skopeo = requireSkopeo("registries are logged in to");
  const { file: registriesFile } = readShortNames(process.env);
  return withScratch("login", async (scratch) => {
    const copy = join(scratch, "auth.json");
    // It does not log in over an identity token; who comes with a password has no use for what was there.
    const given = input === undefined ? before : withoutRegistry(before, registry);
    // Also where there is none yet: to log out it wants one.
    writeFileSync(copy, JSON.stringify(given), { mode: 0o600 });
    const call = { what, scratch, config, signal, logger, input };
    const globals = registriesFile === undefined ? [] : ["--registries-conf", registriesFile];
    const [verb = "", ...flags] = words;
    const arguments_ = [verb, "--authfile", copy, ...flags, ...(registry === undefined ? [] : [registry])];
    try {
      const said = await callSkopeo(skopeo, arguments_, { ...call, globals });
      takeOver(file, before, readCredentials(copy));
      return said;
    } catch (error) {
      if (!(error instanceof KpodError) || !/not logged in/i.test(error.message)) throw error;
      const where = registry ?? "any registry";
      throw new KpodError("NOT_FOUND", `not logged in to ${where} by ${file}`, { cause: error });
    }
  });
}

/** @throws KpodError BAD_ARGUMENT */
function requireRegistryName(text: string): string {
  const name = registryName(text);
  // What can stand before the path of an image.
  if (name !== "" && isImageName(`${name}/image`)) return name;
  throw new KpodError("BAD_ARGUMENT", `${JSON.stringify(text)} is not the name of a registry`, {
    hint: "give HOST[:PORT], or HOST[:PORT]/PATH",
  });
}
