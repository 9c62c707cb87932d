import { KpodError } from "../errors";
import { dataObjects, readDataObject, type DataObject } from "./data-objects";
import type { NodeFacts } from "./facts";
import { Fields, openDocument, untold, type FieldSource } from "./fields";
import { translatePod, type KubePod } from "./pod";
import { readYaml } from "./yaml";

/** A file of Kubernetes. */
export interface KubeFile {
  /** How messages name it. */
  readonly name: string;
  readonly text: string;
}

/** What pods of files come to. */
export interface KubePlan {
  readonly pods: readonly KubePod[];
  /** What of the files is not followed, a line each, for who has them played. */
  readonly untold: readonly string[];
}

/** A pod as a file names it. */
export interface KubePodName {
  readonly name: string;
  readonly namespace: string;
}

/** Objects that have a pod as their template: what is played of them is one. */
const templates: Readonly<Record<string, readonly string[]>> = {
  DaemonSet: ["spec", "template"],
  Deployment: ["spec", "template"],
  Job: ["spec", "template"],
  ReplicaSet: ["spec", "template"],
  ReplicationController: ["spec", "template"],
  StatefulSet: ["spec", "template"],
  CronJob: ["spec", "jobTemplate", "spec", "template"],
};

/** An object of a file. */
interface KubeObject {
  readonly kind: string;
  readonly fields: Fields;
  readonly source: FieldSource;
  readonly metadata: Fields;
  readonly name: string;
  readonly namespace: string | undefined;
}

/**
 * Translates the pods of files to what kpod launches.
 * @param file with the pods, and with ConfigMaps and Secrets
 * @param more files with further ConfigMaps and Secrets
 * @throws KpodError BAD_ARGUMENT with file, line and field
 */
export async function planKube(
  file: KubeFile,
  more: readonly KubeFile[],
  node: NodeFacts,
): Promise<KubePlan> {
  const own = await readObjects(file);
  const others = (await Promise.all(more.map(readObjects))).flat();
  const objects = dataObjects([...own, ...others].flatMap(dataOf));
  const lines: string[] = [];
  const pods = own.flatMap((object) => {
    const pod = podOf(object, lines);
    return pod === undefined ? [] : [translatePod(pod.spec, pod, { node, objects })];
  });
  if (pods.length === 0) throw noPod(file);
  refuseTwice(pods, file);
  for (const { kind, source, fields } of others)
    if (kind !== "ConfigMap" && kind !== "Secret")
      lines.push(`${source.file}:${source.lineOf(fields.path)}: a ${kind} of this file is not made`);
  const sources = new Set([...own, ...others].filter(isRead).map(({ source }) => source));
  return { pods, untold: [...lines, ...[...sources].flatMap(untold)] };
}

/** The names of the pods of a file. @throws KpodError BAD_ARGUMENT */
export async function podsOfFile(file: KubeFile): Promise<KubePodName[]> {
  const pods = (await readObjects(file)).filter(({ kind }) => isPodKind(kind));
  if (pods.length === 0) throw noPod(file);
  return pods.map(({ name, namespace = "default" }) => ({ name, namespace }));
}

function noPod({ name }: KubeFile): KpodError {
  return new KpodError("BAD_ARGUMENT", `${name} holds no pod`, {
    hint: `give a file with an object of kind Pod, or of one that makes pods: ${Object.keys(templates).join(", ")}`,
  });
}

function isPodKind(kind: string): boolean {
  return kind === "Pod" || Object.hasOwn(templates, kind);
}

/** What is not played has nothing that could be missed. */
function isRead({ kind }: KubeObject): boolean {
  return isPodKind(kind) || kind === "ConfigMap" || kind === "Secret";
}

function refuseTwice(pods: readonly KubePod[], { name: file }: KubeFile): void {
  const keys = pods.map(({ name, namespace }) => `${name} of namespace ${namespace}`);
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined) throw new KpodError("BAD_ARGUMENT", `${file} has pod ${twice} twice`);
}

async function readObjects({ name: file, text }: KubeFile): Promise<KubeObject[]> {
  return (await readYaml(text, file)).flatMap((document) => {
    const { fields, source } = openDocument(document, file);
    const isList = fields.text("kind") === "List";
    fields.passOver("apiVersion", "metadata");
    return isList
      ? fields.objects("items").map((item) => openObject(item, source))
      : [openObject(fields, source)];
  });
}

function openObject(fields: Fields, source: FieldSource): KubeObject {
  const kind = fields.requiredText("kind");
  fields.requiredText("apiVersion");
  fields.passOver("status");
  const metadata = fields.object("metadata");
  if (metadata === undefined) throw fields.bad([], `is a ${kind} without metadata`);
  passOverServers(metadata);
  const namespace = metadata.text("namespace");
  const name = checked(metadata, "name", metadata.requiredText("name"));
  if (namespace !== undefined) checked(metadata, "namespace", namespace);
  return { kind, fields, source, metadata, name, namespace };
}

/** Of a name in DNS. */
const longestName = 253;

/** Of DNS, as Kubernetes wants it: what the name becomes part of is then fit, too. */
function checked(metadata: Fields, field: string, name: string): string {
  if (name.length > longestName)
    throw metadata.bad([field], `has ${name.length} characters, and more than ${longestName} are too many`);
  if (/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name)) return name;
  throw metadata.bad([field], `is ${JSON.stringify(name)}: it takes small letters, digits, - and .`);
}

/** What the API server notes: it tells of the past, and is no wish. */
function passOverServers(metadata: Fields): void {
  metadata.passOver("creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "finalizers");
  metadata.passOver(
    "generateName",
    "generation",
    "labels",
    "annotations",
    "managedFields",
    "ownerReferences",
  );
  metadata.passOver("resourceVersion", "selfLink", "uid");
}

function dataOf({ kind, fields, name, namespace }: KubeObject): DataObject[] {
  return kind === "ConfigMap" || kind === "Secret" ? [readDataObject(kind, fields, { name, namespace })] : [];
}

/** The pod of an object, as its metadata and its spec; undefined for one that makes none. */
function podOf(
  { kind, fields, source, metadata, name, namespace = "default" }: KubeObject,
  lines: string[],
): { spec: Fields; name: string; namespace: string; fields: Fields } | undefined {
  if (kind === "ConfigMap" || kind === "Secret") return undefined;
  if (!isPodKind(kind)) {
    lines.push(
      `${source.file}:${source.lineOf(fields.path)}: ${kind} ${name} is not made, for it takes a cluster`,
    );
    return undefined;
  }
  const path = kind === "Pod" ? [] : (templates[kind] ?? []);
  let holder = fields;
  for (const part of path) {
    const next = holder.object(part);
    if (next === undefined) throw holder.bad([], `is of a ${kind} and has no ${part}`);
    // All else there says how many there are to be, and when.
    holder.passOver(...holder.names());
    holder = next;
  }
  if (kind !== "Pod")
    lines.push(
      `${source.file}:${source.lineOf(fields.path)}: of ${kind} ${name} one pod is made, for nobody minds how many there are`,
    );
  const spec = holder.object("spec");
  if (spec === undefined) throw holder.bad([], "has no spec");
  const own = kind === "Pod" ? metadata : holder.object("metadata");
  if (own !== undefined && own !== metadata) {
    passOverServers(own);
    own.passOver("name", "namespace");
  }
  return { spec, name, namespace, fields: own ?? new Fields({}, [], { ...source, opened: [] }) };
}
