import { KpodError } from "../errors";
import type { ImageData } from "../images/data";
import { mayBeginId } from "../names/ids";
import type { Attempt } from "../names/attempts";
import { isNotFoundError, notFoundError } from "../names/lookup";
import type { Container } from "../oci/container";
import type { Sandbox } from "../sandbox/sandbox";
import type { ServerView } from "../server-parts";
import type { ImageRecord } from "../storage/records";
import { containerData, type ContainerData } from "./container-data";
import type { PodData } from "./pod-data";

/** What kind of thing a name may mean; `all` is the first of container, pod and image that there is. */
export type InspectType = "container" | "image" | "pod" | "all";

/** Everything of a container, a pod or an image. */
export type Inspected =
  | { readonly kind: "container"; readonly data: ContainerData }
  | { readonly kind: "pod"; readonly data: PodData }
  | { readonly kind: "image"; readonly data: ImageData };

/** How something is inspected. */
export interface InspectOptions {
  type: InspectType;
  /** Measures a container as well. */
  size?: boolean;
  /** Which attempt of a container; the newest when left out. */
  attempt?: Attempt | undefined;
  /** Ends measuring. */
  signal?: AbortSignal | undefined;
}

/**
 * Collects everything of a container, a pod or an image, with states as they are now. The server's lists must be
 * up to date; their states need not be. Nothing is written.
 * @param name as for `lookupContainer`, `lookupSandbox` and `Store.image`
 * @throws KpodError NOT_FOUND, AMBIGUOUS, BAD_ARGUMENT for a pod where a container must be; CORRUPT,
 * UNSUPPORTED for a damaged image; with size also NOT_PERMITTED, IO, INTERRUPTED
 */
export async function inspect(server: ServerView, name: string, options: InspectOptions): Promise<Inspected> {
  const { attempt = "newest" } = options;
  switch (options.type) {
    case "container":
      return ofContainer(server, server.lists.lookupContainer(name, "inspect", { attempt }), options);
    case "pod":
      return ofPod(server, server.lists.lookupSandbox(name));
    case "image":
      return ofImage(server, await server.store.image(name), options);
    case "all":
      return ofAny(server, name, options);
  }
}

/** What is found first is final: that it is ambiguous or damaged must not be hidden by what else has the name. */
async function ofAny(server: ServerView, name: string, options: InspectOptions): Promise<Inspected> {
  const container = await ifThere(() => server.lists.lookupContainer(name, undefined, { attempt: "newest" }));
  if (container !== undefined) {
    await refuseImageToo(server, name, container);
    return ofContainer(server, container, options);
  }
  const sandbox = await ifThere(() => server.lists.lookupSandbox(name));
  if (sandbox !== undefined) {
    await refuseImageToo(server, name, sandbox);
    return ofPod(server, sandbox);
  }
  const image = await ifThere(() => server.store.image(name));
  if (image !== undefined) return ofImage(server, image, options);
  throw notFoundError("container", name, "there is no pod and no image of that name either");
}

/** A container or pod that is called as the id of an image begins must not take the image's place. */
async function refuseImageToo(
  { store, logger }: Pick<ServerView, "store" | "logger">,
  name: string,
  found: Pick<Container, "id" | "name">,
): Promise<void> {
  if (!mayBeginId(name) || found.id.startsWith(name)) return;
  try {
    const image = (await store.images()).find(({ id }) => id.startsWith(name));
    if (image === undefined) return;
    const candidates = `${found.id.slice(0, 13)} (${found.name}) and image ${image.id.slice(0, 13)}`;
    throw new KpodError("AMBIGUOUS", `${name} is ambiguous, it can be ${candidates}`, {
      hint: "give more of the id or the full name, or say what it is by --type",
    });
  } catch (error) {
    if (!(error instanceof KpodError) || error.code === "AMBIGUOUS") throw error;
    // What is found is there all the same.
    logger.warn(`${error.message}: whether an image is meant cannot be told`);
  }
}

async function ifThere<T>(look: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (!isNotFoundError(error)) throw error;
    return undefined;
  }
}

async function ofContainer(
  server: ServerView,
  { id }: Container,
  { size = false, signal }: InspectOptions,
): Promise<Inspected> {
  return { kind: "container", data: await containerData(server, id, size, signal) };
}

async function ofPod(server: ServerView, { id }: Sandbox): Promise<Inspected> {
  const { podData } = await import("./pod-data");
  return { kind: "pod", data: await podData(server, id) };
}

async function ofImage(
  { store }: Pick<ServerView, "store">,
  { id }: ImageRecord,
  { signal }: InspectOptions,
): Promise<Inspected> {
  const { imageData } = await import("../images/data");
  return { kind: "image", data: await imageData(store, id, signal) };
}
