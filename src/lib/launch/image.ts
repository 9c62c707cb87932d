import { KpodError } from "../errors";
import type { TransferProgress } from "../images/skopeo";
import type { LaunchParts } from "../server-parts";
import { readImageConfig } from "../storage/image-config";
import { findImage, meantName } from "../storage/images";
import type { ImageRecord } from "../storage/records";
import { goArchitecture } from "../system/architecture";

/** How an image that is launched comes into the store. */
export interface LaunchPull {
  /** `missing` fetches what is not in the store, `always` asks the registry also for what is, `never` fetches nothing. */
  when: "always" | "missing" | "never";
  progress?: TransferProgress | undefined;
}

/** An image that can be launched. */
export interface LaunchImage {
  readonly image: ImageRecord;
  /** What the store finds it by. */
  readonly name: string;
}

/**
 * The image that a user means, fetched where that is asked for.
 * @param pull left out, nothing is fetched
 * @throws KpodError NOT_FOUND; UNSUPPORTED for the image of another architecture; and as `pullImage`
 */
export async function imageToLaunch(
  server: Pick<LaunchParts, "config" | "store" | "logger" | "signal">,
  wanted: string,
  pull: LaunchPull = { when: "never" },
): Promise<LaunchImage> {
  const found = await launchImage(server, wanted, pull);
  requireOwnArchitecture(server, found);
  return found;
}

async function launchImage(
  server: Pick<LaunchParts, "config" | "store" | "logger" | "signal">,
  wanted: string,
  { when, progress }: LaunchPull,
): Promise<LaunchImage> {
  const { store, config, logger, signal } = server;
  if (when === "never") return { image: await store.image(wanted), name: wanted };
  const present = store.exists() ? findImage(await store.images(), wanted) : undefined;
  // What is meant by its id is what it is.
  if (present !== undefined && (when === "missing" || meantName(present, wanted) === undefined)) {
    return { image: present, name: wanted };
  }
  const { pullImage } = await import("../images/pull");
  try {
    const [pulled] = await pullImage(store, config, wanted, { policy: when, progress, signal, logger });
    const images = await store.images();
    const image = findImage(images, wanted);
    if (image !== undefined && image.id === pulled?.id) return { image, name: wanted };
    const name = pulled?.name ?? wanted;
    return { image: await store.image(name), name };
  } catch (error) {
    if (present !== undefined || !(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
    const { code, message, hint } = error;
    throw new KpodError(
      code === "BAD_ARGUMENT" ? "NOT_FOUND" : code,
      `image ${wanted} is not in the store ${store.layout.root}: ${message}`,
      { cause: error, hint },
    );
  }
}

/** What else than its own a processor runs, as far as every one of them does. */
const compatible: Readonly<Record<string, string>> = { amd64: "386" };

function requireOwnArchitecture({ store }: Pick<LaunchParts, "store">, { image, name }: LaunchImage): void {
  const { os = "", architecture = "" } = readImageConfig(store, image);
  const own = goArchitecture();
  const runs = ["", own, compatible[own]].includes(architecture) && ["", "linux"].includes(os);
  if (runs) return;
  throw new KpodError(
    "UNSUPPORTED",
    `image ${name} is for ${os}/${architecture}, and this node is linux/${own}`,
    {
      hint: `pull the one for this node with kpod pull --platform linux/${own}`,
    },
  );
}
