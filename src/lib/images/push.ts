import { existsSync } from "node:fs";
import { join } from "node:path";
import { readShortNames } from "../config/registries-conf";
import { KpodError } from "../errors";
import type { Store } from "../storage/store";
import { isImageName, registryOf, requireImageName } from "../names/image-names";
import { fullName } from "./pull-names";
import { requirePlace } from "./pull-source";
import { accessFlags, withPolicy, type RegistryAccess } from "./registry-access";
import {
  callSkopeo,
  requireSkopeo,
  storeReference,
  withScratch,
  type TransferConfig,
  type TransferProgress,
} from "./skopeo";

/** How an image is pushed. */
export interface PushOptions extends RegistryAccess {
  /** Signatures of the image are not sent with it. */
  removeSignatures?: boolean | undefined;
  /** The fingerprint of the GPG key that signs it. */
  signBy?: string | undefined;
  progress?: TransferProgress | undefined;
  /** Ends the work. */
  signal?: AbortSignal | undefined;
}

/**
 * Copies an image of the store to a registry, or to whatever else skopeo writes.
 * @param nameOrId of the image in the store
 * @param destination `TRANSPORT:…` as skopeo knows them, or a name with a registry; default the image's own name
 * @throws KpodError NOT_FOUND, AMBIGUOUS, BAD_ARGUMENT; NOT_PERMITTED, IO with skopeo's words; UNSUPPORTED, INTERRUPTED
 */
export async function pushImage(
  store: Store,
  config: TransferConfig,
  nameOrId: string,
  destination: string | undefined,
  options: PushOptions = {},
): Promise<void> {
  const image = await store.image(nameOrId);
  const own = image.names?.find((name) => !name.includes("@"));
  const target = destinationOf(destination ?? own ?? nameOrId, own);
  const skopeo = requireSkopeo("images are pushed");
  await withScratch(
    "push",
    async (scratch) => {
      const name = /^docker:\/\/(.*)$/s.exec(target)?.[1];
      const access = name === undefined ? [] : accessFlags("dest-", name, options, { config, scratch });
      const signatures = [
        ...(options.removeSignatures === true ? ["--remove-signatures"] : []),
        ...(options.signBy === undefined ? [] : ["--sign-by", options.signBy]),
      ];
      const { file: registriesFile } = readShortNames(process.env);
      const source = `${storeReference(store, config, join(scratch, "run"))}@${image.id}`;
      await callSkopeo(skopeo, ["copy", ...access, ...signatures, source, target], {
        what: `push to ${target}`,
        scratch,
        config: withPolicy(config, options),
        trusted: options.signaturePolicy === undefined,
        globals: registriesFile === undefined ? [] : ["--registries-conf", registriesFile],
        signal: options.signal,
        logger: store.logger,
        progress: options.progress,
      });
    },
    store,
  );
}

/** The destination in skopeo's words. @throws KpodError BAD_ARGUMENT, CONFLICT */
function destinationOf(text: string, own: string | undefined): string {
  const [, transport, rest = ""] = /^(docker:\/\/|[a-z][a-z-]+:(?!\d+\/))(.*)$/s.exec(text) ?? [];
  if (transport !== undefined) requirePlace(transport, rest);
  switch (transport) {
    case "docker-archive:": {
      const [, path = rest, name] = /^([^:]*):(.+)$/s.exec(rest) ?? [];
      if (existsSync(path)) {
        throw new KpodError("CONFLICT", `${path} exists: nothing is added to an archive`);
      }
      return `docker-archive:${path}${name === undefined && own === undefined ? "" : `:${name ?? own}`}`;
    }
    case "docker://":
      return `docker://${requireRegistry(rest)}`;
    case "dir:":
    case "oci:":
    case "oci-archive:":
    case "docker-daemon:":
      return text;
    case "containers-storage:":
      // Bare, it is the store of this node, in which no other program is to mount; one that is named has its own.
      if (rest.startsWith("[")) return text;
      throw new KpodError("BAD_ARGUMENT", `${text} is the store that the image is in`, {
        hint: "give it another name with kpod tag, or push to containers-storage:[DRIVER@ROOT+RUNROOT]NAME",
      });
    default:
      return `docker://${requireRegistry(text)}`;
  }
}

function requireRegistry(name: string): string {
  if (registryOf(name) === undefined) {
    const rest = isImageName(name) ? name : "REPOSITORY:TAG";
    throw new KpodError("BAD_ARGUMENT", `${JSON.stringify(name)} names no registry to push to`, {
      hint: `give REGISTRY/${rest}, or TRANSPORT:DESTINATION as dir:/tmp/image`,
    });
  }
  requireImageName(name);
  return fullName(name);
}
