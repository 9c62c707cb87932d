import { statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { ifThere, tolerate } from "../../errors";
import { namespaceDirectories, type SharedNamespaceType } from "../../operations/pod-mounts";
import type { Container } from "../../oci/container";
import { namesInDirectory } from "../../system/files";
import { readMountInfo, readMounts, realPath } from "../../system/mount";
import type { Facts } from "../facts";
import { containersWithStates } from "./containers";

/** A file in one of the directories in which CRI-O pins namespaces. */
export interface Pin {
  readonly type: SharedNamespaceType;
  readonly path: string;
  /** True where a namespace is to be seen at the path. */
  readonly isNamespace: boolean;
  /** When something in the directory was added or removed last, milliseconds since 1970: a pin is as old at least. */
  readonly since: number;
}

/** What CRI-O calls its pins; names of others (`ip netns`, podman) look otherwise. */
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** NSFS_MAGIC and, of old kernels, PROC_SUPER_MAGIC. */
const namespaceTypes: ReadonlySet<number> = new Set([0x6e736673, 0x9fa0]);

/** True where a namespace is pinned at a path; undefined where nothing is there. */
export function isNamespaceAt(path: string): boolean | undefined {
  return ifThere(() => namespaceTypes.has(statfsSync(path).type >>> 0));
}

/** The pins in the directories of CRI-O that bear its names. @throws KpodError NOT_PERMITTED, IO */
export function pins({ server: { config } }: Facts): readonly Pin[] {
  return (Object.entries(namespaceDirectories) as [SharedNamespaceType, string][]).flatMap(([type, name]) => {
    const directory = join(config.namespacesDir, name);
    return namesInDirectory(directory)
      .filter((entry) => uuid.test(entry))
      .flatMap((entry): Pin[] => {
        const path = join(directory, entry);
        const isNamespace = isNamespaceAt(path);
        const since = ifThere(() => statSync(directory).mtimeMs);
        return isNamespace === undefined || since === undefined ? [] : [{ type, path, isNamespace, since }];
      });
  });
}

/** A namespace that the spec of a container or pod names. */
export interface NamedPin {
  readonly container: Container;
  readonly path: string;
}

/** The pins that are named, and the containers of which nobody can tell which they name. */
export interface NamedPins {
  readonly named: readonly NamedPin[];
  readonly unread: readonly Container[];
}

/** Which pins the specs of all pods name: hardly ever is there one that only a container has. @throws KpodError CORRUPT, IO */
export async function pinsOfPods(facts: Facts): Promise<NamedPins> {
  return pinsIn(
    facts,
    (await facts.get(containersWithStates)).filter(({ infra }) => infra),
  );
}

/** Which pins those of all containers name. */
export async function pinsOfContainers(facts: Facts): Promise<NamedPins> {
  return pinsIn(
    facts,
    (await facts.get(containersWithStates)).filter(({ infra }) => !infra),
  );
}

function pinsIn(facts: Facts, containers: readonly Container[]): NamedPins {
  const { namespacesDir } = facts.server.config;
  const named: NamedPin[] = [];
  const unread: Container[] = [];
  for (const container of containers) {
    const spec = tolerate(undefined, () => container.spec);
    if (spec === undefined) unread.push(container);
    for (const { path = "" } of spec?.linux?.namespaces ?? [])
      if (isPinPath(path, namespacesDir)) named.push({ container, path });
  }
  return { named, unread };
}

/** CRI-O says /var/run where others say /run. */
function isPinPath(path: string, directory: string): boolean {
  return path.startsWith(`${directory}/`) || path.startsWith(`${realPath(directory)}/`);
}

/** Where namespaces are mounted, also where something else covers them. */
export function mountedPins(facts: Facts): ReadonlySet<string> {
  return new Set(readMounts(facts.get(readMountInfo), "nsfs").map(({ target }) => target));
}
