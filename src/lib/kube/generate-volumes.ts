import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { errorMessage, ifThere } from "../errors";
import { podVolumesDirectory } from "../operations/pod-mounts";
import { mountsOf } from "../operations/spec-mounts";
import { annotations } from "../oci/annotations";
import type { Container } from "../oci/container";
import type { Sandbox } from "../sandbox/sandbox";
import { fileLimits, isRecord, parseJson, readRegularFile } from "../system/files";
import { textOf } from "../system/go-json";
import { keptContainer, type KeptPod } from "./annotations";
import { isDataKey } from "./data-objects";
import { isLabelName } from "./fields";
import { byteQuantity } from "../quantity";

/** The volumes of a pod as they are found in its containers, and what they refer to. */
export interface FoundVolumes {
  /** The `volumeMounts` of a container. */
  mountsOf(container: Container): Record<string, unknown>[];
  /** The `volumes` of the pod, of those that were asked for. */
  volumes(): Record<string, unknown>[];
}

/** What is found beside the volumes of all pods of a file. */
export interface FoundBeside {
  /** The ConfigMaps and Secrets that they need, each once, by kind, namespace and name. */
  readonly objects: Map<string, Record<string, unknown>>;
  /** What cannot be said in a file. */
  readonly tell: (line: string) => void;
}

/** Where the kubelet keeps the volumes of pods, and what it calls their kinds. */
const kubeletVolume =
  /^\/var\/lib\/kubelet\/pods\/[^/]+\/volumes\/kubernetes\.io~(empty-dir|configmap|secret)\/([^/]+)$/;

/** What the kubelet mounts into every container, whatever its pod wants. */
const kubeletFile = /^\/var\/lib\/kubelet\/pods\/[^/]+\/(etc-hosts|containers\/)/;

/** CRI's numbers for what of later mounts a volume shares. */
const propagations = ["None", "HostToContainer", "Bidirectional"];

/** Finds the volumes of a pod. */
export function findVolumes(
  sandbox: Sandbox,
  kept: KeptPod | undefined,
  { objects, tell }: FoundBeside,
): FoundVolumes {
  const found = new Map<string, Record<string, unknown>>();
  /** Of volumes that no file has named, by what they are. */
  const names = new Map<string, string>();
  const { dir, bundlePath } = sandbox.infraContainer;
  const own = [dir, bundlePath].map((directory) => join(directory, podVolumesDirectory));
  return {
    mountsOf: (container) => {
      const noted = keptContainer(container.annotations);
      if (noted !== undefined) {
        for (const { name } of noted.mounts) addKept(textOf(name));
        return [...noted.mounts];
      }
      return [...bindsOf(container), ...memoryOf(container)];
    },
    volumes: () => [...found.values()],
  };

  /** A volume of the file that the pod was made of. */
  function addKept(name: string): void {
    const definition = kept?.volumes.find((volume) => volume.name === name);
    // The names come of annotations, and lead to files.
    if (definition === undefined || !isLabelName(name) || found.has(name)) return;
    found.set(name, definition);
    const directory = join(bundlePath, podVolumesDirectory, name);
    const { configMap, secret, projected } = definition;
    if (isRecord(configMap)) addObject("ConfigMap", textOf(configMap.name), directory, configMap);
    else if (isRecord(secret)) addObject("Secret", textOf(secret.secretName), directory, secret);
    else if (isRecord(projected)) {
      // Which of its files came of which source nobody knows any more.
      const secretName = `${sandbox.kubeName}-${name}`;
      const { defaultMode } = projected;
      found.set(name, {
        name,
        secret: { secretName, ...(defaultMode === undefined ? {} : { defaultMode }) },
      });
      addObject("Secret", secretName, directory, {});
    }
  }

  /** What of a ConfigMap or Secret the files of a volume tell. */
  function addObject(
    kind: "ConfigMap" | "Secret",
    name: string,
    directory: string,
    { items }: Readonly<Record<string, unknown>>,
  ): void {
    const keys = new Map(
      (Array.isArray(items) ? items.filter(isRecord) : []).map(({ key, path }) => [
        textOf(path),
        textOf(key),
      ]),
    );
    const contents = filesBelow(directory).flatMap((path): [string, Buffer][] => {
      const key = keys.get(path) ?? path;
      if (isDataKey(key)) return [[key, readRegularFile(join(directory, path), fileLimits.config)]];
      tell(`${path} of volume ${basename(directory)} cannot be the key of a ${kind}, and is left out`);
      return [];
    });
    if (contents.length === 0) tell(`what ${kind} ${name} holds is not on this node`);
    const id = `${kind} ${sandbox.namespace}/${name}`;
    const object = objects.get(id) ?? {
      apiVersion: "v1",
      kind,
      metadata: { name, namespace: sandbox.namespace },
    };
    for (const [key, content] of contents) addContent(object, kind, key, content);
    objects.set(id, object);
  }

  function bindsOf(container: Container): Record<string, unknown>[] {
    return readVolumes(container).flatMap((volume) => {
      const hostPath = textOf(volume.host_path);
      if (kubeletFile.test(hostPath)) return [];
      const place = own.find((directory) => dirname(hostPath) === directory);
      const name = place === undefined ? ofHost(hostPath) : basename(hostPath);
      if (place !== undefined) addKept(name);
      const mountPropagation = propagations[Number(volume.propagation ?? 0)] ?? "None";
      return [
        {
          name,
          mountPath: textOf(volume.container_path),
          ...(volume.readonly === true ? { readOnly: true } : {}),
          ...(mountPropagation === "None" ? {} : { mountPropagation }),
        },
      ];
    });
  }

  /** @returns its name */
  function ofHost(hostPath: string): string {
    const [, kind, ownName = ""] = kubeletVolume.exec(hostPath) ?? [];
    if (kind === undefined) return add(hostPath, basename(hostPath), { hostPath: { path: hostPath } });
    if (kind === "empty-dir") return add(hostPath, ownName, { emptyDir: {} });
    const objectKind = kind === "configmap" ? "ConfigMap" : "Secret";
    addObject(objectKind, ownName, join(hostPath, "..data"), {});
    const source =
      objectKind === "ConfigMap" ? { configMap: { name: ownName } } : { secret: { secretName: ownName } };
    return add(hostPath, ownName, source);
  }

  function memoryOf(container: Container): Record<string, unknown>[] {
    const mounts = mountsOf(container.spec).filter(
      ({ type, destination, options }) =>
        type === "tmpfs" && destination !== "/dev" && !options.includes("tmpcopyup"),
    );
    return mounts.map(({ destination, options }) => {
      const size = /^size=(\d+)([kmg]?)$/i.exec(options.find((option) => option.startsWith("size=")) ?? "");
      const unit = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }[(size?.[2] ?? "").toLowerCase()] ?? 1;
      const sizeLimit = size === null ? {} : { sizeLimit: byteQuantity(Number(size[1]) * unit) };
      const name = add(`${container.id} ${destination}`, basename(destination), {
        emptyDir: { medium: "Memory", ...sizeLimit },
      });
      return { name, mountPath: destination, ...(options.includes("ro") ? { readOnly: true } : {}) };
    });
  }

  /** @returns the name of a volume that no file has named */
  function add(what: string, wish: string, source: Record<string, unknown>): string {
    const known = names.get(what);
    if (known !== undefined) return known;
    const stem =
      wish
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, "-")
        .slice(0, 50)
        .replace(/^-+|-+$/g, "") || "volume";
    let name = stem;
    for (
      let number = 2;
      found.has(name) || kept?.volumes.some((volume) => volume.name === name) === true;
      number++
    )
      name = `${stem}-${number}`;
    found.set(name, { name, ...source });
    names.set(what, name);
    return name;
  }

  function filesBelow(directory: string, prefix = ""): string[] {
    try {
      const entries = ifThere(() => readdirSync(join(directory, prefix), { withFileTypes: true })) ?? [];
      return entries.flatMap((entry) => {
        const path = join(prefix, entry.name);
        return entry.isDirectory() ? filesBelow(directory, path) : entry.isFile() ? [path] : [];
      });
    } catch (error) {
      tell(`cannot read ${directory}: ${errorMessage(error)}`);
      return [];
    }
  }
}

function readVolumes(container: Container): Record<string, unknown>[] {
  const text = container.annotation(annotations.volumes);
  const value = text === "" ? [] : parseJson(`the volumes of container ${container.id}`, text);
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function addContent(
  object: Record<string, unknown>,
  kind: "ConfigMap" | "Secret",
  key: string,
  content: Buffer,
): void {
  const text = content.toString("utf8");
  const isText = Buffer.from(text).equals(content) && !text.includes("\0");
  const field = kind === "Secret" ? "data" : isText ? "data" : "binaryData";
  const value = field === "data" && kind === "ConfigMap" ? text : content.toString("base64");
  object[field] = { ...(isRecord(object[field]) ? object[field] : {}), [key]: value };
}
