import { join } from "node:path";
import { readShortNames } from "../config/registries-conf";
import type { Store } from "../storage/store";
import { pushDestination, withPlace } from "./push-destination";
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
  const pushed = pushDestination(destination ?? own ?? nameOrId, own);
  const { target } = pushed;
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
      const call = {
        what: `push to ${target}`,
        into: "the destination",
        scratch,
        config: withPolicy(config, options),
        trusted: options.signaturePolicy === undefined,
        globals: registriesFile === undefined ? [] : ["--registries-conf", registriesFile],
        signal: options.signal,
        logger: store.logger,
        progress: options.progress,
      };
      await withPlace(pushed, async (at) => {
        await callSkopeo(skopeo, ["copy", ...access, ...signatures, source, at], call);
      });
    },
    store,
  );
}
