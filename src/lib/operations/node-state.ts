import { configValues } from "../config";
import { errorMessage, KpodError } from "../errors";
import { imageDigest } from "../images/digest";
import { readNetworks } from "../network/networks";
import type { ContainerStatus } from "../oci/state/container-state";
import type { SandboxState } from "../sandbox/sandbox";
import type { ServerView } from "../server-parts";
import { fileLimits, isRecord, parseJson, readTextIfThere } from "../system/files";
import { sha256 } from "../system/sha256";
import { nodeInfo } from "./info";
import { SecretMask } from "./secrets";

/** The version of the form of {@link NodeState}. */
const nodeStateVersion = 1;

/** What there is on a node at a moment, to be compared with that of another moment. No secret is in it. */
export interface NodeState {
  readonly version: typeof nodeStateVersion;
  /** When it was taken, RFC 3339. */
  readonly taken: string;
  readonly host: {
    readonly hostname: string;
    readonly kernel: string;
    readonly architecture: string;
    readonly cgroupVersion: string;
    /** Another one after each boot. */
    readonly bootId: string;
  };
  /** Versions by what they are of: kpod, CRI-O, each runtime. */
  readonly versions: Readonly<Record<string, string>>;
  readonly configuration: {
    /** The files that were read, in their order. */
    readonly files: readonly string[];
    /** Values as TOML by their keys. */
    readonly values: Readonly<Record<string, string>>;
  };
  readonly pods: readonly PodState[];
  readonly containers: readonly ContainerStateAt[];
  readonly images: readonly ImageState[];
  readonly layers: readonly LayerState[];
  readonly networks: readonly NetworkState[];
  /** What could not be read, and why. */
  readonly unread: readonly string[];
}

/** A pod at a moment. */
export interface PodState {
  readonly id: string;
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly attempt: number;
  /** Null where nobody can tell. */
  readonly state: SandboxState | null;
  /** The runtime handler it asks for; "" for the default one. */
  readonly runtimeHandler: string;
}

/** A container at a moment. */
export interface ContainerStateAt {
  readonly id: string;
  /** Its name in Kubernetes. */
  readonly name: string;
  readonly podId: string;
  /** That of its pod in Kubernetes; "" where the pod's record is gone. */
  readonly pod: string;
  readonly namespace: string;
  readonly attempt: number;
  readonly state: ContainerStatus;
  /** Null as long as it has not ended, or nobody knows. */
  readonly exitCode: number | null;
  readonly image: string;
  readonly imageId: string;
}

/** An image at a moment. */
export interface ImageState {
  readonly id: string;
  readonly names: readonly string[];
  /** That of its manifest; "" where the store has lost it. */
  readonly digest: string;
}

/** A layer at a moment. */
export interface LayerState {
  readonly id: string;
  /** Id of the one beneath; "" for a lowest one. */
  readonly parent: string;
  /** Bytes of its content as the record has them; null where it does not. */
  readonly size: number | null;
}

/** A network that is configured. */
export interface NetworkState {
  readonly name: string;
  readonly file: string;
  readonly plugins: readonly string[];
  /** SHA-256 of its configuration, of which more can be secret. */
  readonly sha256: string;
}

/**
 * Takes down what there is on this node. What cannot be read is told in it.
 * @param kpodVersion the version of who asks
 * @throws KpodError INTERRUPTED
 */
export async function nodeState(server: ServerView, kpodVersion: string): Promise<NodeState> {
  const unread: string[] = [];
  const read = async <T>(what: string, otherwise: T, get: () => T | Promise<T>): Promise<T> => {
    try {
      return await get();
    } catch (error) {
      if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
      unread.push(`${what}: ${errorMessage(error)}`);
      return otherwise;
    }
  };
  const taken = new Date().toISOString();
  const info = await nodeInfo(server);
  if (info.store.error !== undefined) unread.push(`store: ${info.store.error}`);
  const { hostname, kernel, architecture, cgroupVersion } = info.host;
  const bootId = readTextIfThere("/proc/sys/kernel/random/boot_id", fileLimits.word)?.trim() ?? "";
  const runtimes = info.runtimes.map(({ name, version }) => [name, version] as const);
  const mask = new SecretMask();
  const values = Object.entries(configValues(server.config)).map(([key, text]) => {
    const line = mask.text(`${key.split(".").at(-1) ?? ""} = ${text}`);
    return [key, line.slice(line.indexOf("=") + 2)] as const;
  });
  return {
    version: nodeStateVersion,
    taken,
    host: { hostname, kernel, architecture, cgroupVersion, bootId },
    versions: { kpod: kpodVersion, crio: info.crioVersion, ...Object.fromEntries(runtimes) },
    configuration: { files: [...server.config.files], values: Object.fromEntries(values) },
    pods: await Promise.all(
      server.lists.listSandboxes().map(async (pod) => ({
        id: pod.id,
        name: pod.kubeName,
        namespace: pod.namespace,
        uid: pod.uid,
        attempt: pod.attempt,
        state: await read<SandboxState | null>(`pod ${pod.name}`, null, () => pod.state),
        runtimeHandler: await read(`pod ${pod.name}`, "", () => pod.runtimeHandler),
      })),
    ),
    containers: server.lists.listContainers().map((container) => {
      const pod = server.lists.getSandbox(container.sandboxId);
      return {
        id: container.id,
        name: container.metadata.name,
        podId: container.sandboxId,
        pod: pod?.kubeName ?? "",
        namespace: pod?.namespace ?? "",
        attempt: container.metadata.attempt,
        state: container.state?.status ?? "unknown",
        exitCode: container.state?.exitCode ?? null,
        image: container.imageName,
        imageId: container.imageId,
      };
    }),
    images: await read("images", [], async () =>
      (await server.store.images()).map((image) => ({
        id: image.id,
        names: image.names ?? [],
        digest: imageDigest(server.store, image),
      })),
    ),
    layers: await read("layers", [], async () =>
      (await server.store.layers()).map((layer) => ({
        id: layer.id,
        parent: layer.parent ?? "",
        size: layer["diff-size"] ?? null,
      })),
    ),
    networks: await read("networks", [], () => {
      const { networks, passedOver } = readNetworks(server.config);
      for (const { file, why } of passedOver) unread.push(`${file} is no network: ${why}`);
      return networks.map(({ name, file, plugins, text }) => ({
        name,
        file,
        plugins: plugins.map(({ type }) => type),
        sha256: sha256(text).toString("hex"),
      }));
    }),
    unread,
  };
}

/**
 * Reads what {@link nodeState} took down from a file.
 * @throws KpodError NOT_FOUND, CORRUPT for what is none, UNSUPPORTED for one of a later form; NOT_PERMITTED, IO
 */
export function readNodeState(path: string): NodeState {
  const text = readTextIfThere(path, fileLimits.spec);
  if (text === undefined) throw new KpodError("NOT_FOUND", `${path} is not there`);
  const notOne = (why: string): KpodError =>
    new KpodError("CORRUPT", `${path} is no state of a node: ${why}`, {
      hint: "name a file that kpod state save has written",
    });
  const value = parseJson(path, text);
  if (!isRecord(value) || typeof value.version !== "number") throw notOne("it has no version");
  if (value.version !== nodeStateVersion) {
    throw new KpodError(
      "UNSUPPORTED",
      `${path} has the form ${value.version}, and this kpod knows ${nodeStateVersion}`,
      {
        hint: "compare it by the version that wrote it, or a newer one",
      },
    );
  }
  const missing = Object.entries(shape).find(([key, isFit]) => !isFit(value[key]))?.[0];
  if (missing !== undefined) throw notOne(`${missing} is missing or of another kind`);
  return value as unknown as NodeState;
}

const isText = (value: unknown): boolean => typeof value === "string";
const isTextMap = (value: unknown): boolean => isRecord(value) && Object.values(value).every(isText);
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isListWith =
  (texts: readonly string[], numbers: readonly string[] = [], lists: readonly string[] = []) =>
  (value: unknown): boolean =>
    Array.isArray(value) &&
    value.every(
      (item) =>
        isRecord(item) &&
        texts.every((key) => isText(item[key])) &&
        numbers.every((key) => typeof item[key] === "number") &&
        lists.every((key) => isTexts(item[key])),
    );

/** What has to be in a file for it to be compared. */
const shape: Readonly<Record<Exclude<keyof NodeState, "version">, (value: unknown) => boolean>> = {
  taken: isText,
  host: isTextMap,
  versions: isTextMap,
  configuration: (value) => isRecord(value) && isTexts(value.files) && isTextMap(value.values),
  pods: isListWith(["id", "name", "namespace", "uid", "runtimeHandler"], ["attempt"]),
  containers: isListWith(
    ["id", "name", "podId", "pod", "namespace", "state", "image", "imageId"],
    ["attempt"],
  ),
  images: isListWith(["id", "digest"], [], ["names"]),
  layers: isListWith(["id", "parent"]),
  networks: isListWith(["name", "file", "sha256"], [], ["plugins"]),
  unread: isTexts,
};
