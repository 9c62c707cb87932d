/* What a field of a container refers to: fields of its pod, its limits, keys of ConfigMaps and Secrets. */
import type { DataObject, DataObjects } from "./data-objects";
import type { LateText, NodeFacts } from "./facts";
import type { Fields } from "./fields";
import { readQuantity } from "../quantity";

/** What a pod is known by before it is made. */
export interface PodIdentity {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
  readonly hostNetwork: boolean;
}

/** What references of a pod are looked up in. */
export interface ReferenceScope {
  readonly pod: PodIdentity;
  readonly node: NodeFacts;
  readonly objects: DataObjects;
  /** The limits and requests of its containers by name, as quantities. */
  readonly resources: ReadonlyMap<string, ContainerResources>;
}

/** Quantities by what they are of: `cpu`, `memory`. */
export interface ContainerResources {
  readonly limits: Readonly<Record<string, number>>;
  readonly requests: Readonly<Record<string, number>>;
}

/** What a fieldRef says. @throws KpodError BAD_ARGUMENT for a field that nobody can tell here */
export function fieldReference(fields: Fields, { pod, node }: ReferenceScope): LateText {
  fields.passOver("apiVersion");
  const path = fields.requiredText("fieldPath");
  const [, map, key = ""] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path) ?? [];
  if (map !== undefined) {
    const values = map === "labels" ? pod.labels : pod.annotations;
    return (Object.hasOwn(values, key) ? values[key] : undefined) ?? "";
  }
  const [hostIp = ""] = node.ips;
  switch (path) {
    case "metadata.name":
      return pod.name;
    case "metadata.namespace":
      return pod.namespace;
    case "metadata.uid":
      return ({ uid }) => uid;
    case "metadata.labels":
      return mapInLines(pod.labels);
    case "metadata.annotations":
      return mapInLines(pod.annotations);
    case "spec.nodeName":
      return node.name;
    case "spec.serviceAccountName":
      return pod.serviceAccount;
    case "status.hostIP":
      return hostIp;
    case "status.hostIPs":
      return node.ips.join(",");
    case "status.podIP":
      return ({ ips }) => (pod.hostNetwork ? hostIp : (ips[0] ?? ""));
    case "status.podIPs":
      return ({ ips }) => (pod.hostNetwork ? node.ips : ips).join(",");
    default:
      throw fields.bad(["fieldPath"], `is ${JSON.stringify(path)}, a field that nobody can tell here`);
  }
}

function mapInLines(map: Readonly<Record<string, string>>): string {
  return Object.entries(map)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .sort()
    .join("\n");
}

/**
 * What a resourceFieldRef says; of what has no limit what the node has.
 * @param self the container that asks
 * @throws KpodError BAD_ARGUMENT
 */
export function resourceReference(fields: Fields, { resources, node }: ReferenceScope, self: string): string {
  const container = fields.text("containerName") ?? self;
  const resource = fields.requiredText("resource");
  const found = resources.get(container);
  if (found === undefined) throw fields.bad(["containerName"], `names no container of the pod: ${container}`);
  const [, kind, what = ""] = /^(limits|requests)\.(cpu|memory)$/.exec(resource) ?? [];
  if (kind === undefined) throw fields.bad(["resource"], `is ${resource}, which nobody can tell here`);
  const divisor = readQuantity(fields.raw("divisor") ?? 1) ?? Number.NaN;
  if (!(divisor > 0) && divisor !== 0) throw fields.bad(["divisor"], "is no quantity");
  const ofNode = what === "cpu" ? node.processors : node.memory;
  const limit = found.limits[what];
  const amount = kind === "limits" ? (limit ?? ofNode) : (found.requests[what] ?? limit ?? 0);
  return String(Math.ceil(Number((amount / (divisor === 0 ? 1 : divisor)).toFixed(6))));
}

/**
 * The object that a reference names; undefined for an optional one that is not there.
 * @param nameField the field with its name
 * @throws KpodError BAD_ARGUMENT
 */
export function referredObject(
  kind: DataObject["kind"],
  fields: Fields,
  { objects, pod }: Pick<ReferenceScope, "objects" | "pod">,
  nameField = "name",
): DataObject | undefined {
  const name = fields.requiredText(nameField);
  const optional = fields.flag("optional") === true;
  const found = objects.find(kind, name, pod.namespace);
  if (found !== undefined || optional) return found;
  throw fields.bad([nameField], `names ${kind} ${name}, which is in no file`, `give it by --configmap FILE`);
}
