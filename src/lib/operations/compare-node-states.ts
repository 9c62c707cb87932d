import type { NodeState } from "./node-state";

/** The parts of a node's state, in the order in which they are compared. */
export const stateParts = [
  "host",
  "versions",
  "configuration",
  "pods",
  "containers",
  "images",
  "layers",
  "networks",
] as const;

/** A part of a node's state. */
export type StatePart = (typeof stateParts)[number];

/** A thing that is not as it was. */
export interface StateDifference {
  readonly part: StatePart;
  readonly kind: "added" | "removed" | "changed";
  /** What it is: a pod `shop/web`, a container `shop/web/app`, the name of an image, a key of the configuration. */
  readonly name: string;
  /** What has changed of it; of what was added or removed all that is told of it. */
  readonly fields: readonly {
    readonly field: string;
    /** Null for what was not there. */
    readonly before: string | null;
    readonly after: string | null;
  }[];
}

type Things = Map<string, Readonly<Record<string, string>>>;

/** Compares a node's state with that of another moment: by parts, and in these by names. */
export function compareNodeStates(before: NodeState, after: NodeState): StateDifference[] {
  return stateParts.flatMap((part) => compareThings(part, thingsOf[part](before), thingsOf[part](after)));
}

function compareThings(part: StatePart, before: Things, after: Things): StateDifference[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.flatMap((name) => {
    const [old, now] = [before.get(name), after.get(name)];
    const kind = old === undefined ? "added" : now === undefined ? "removed" : "changed";
    const keys = [...new Set([...Object.keys(old ?? {}), ...Object.keys(now ?? {})])];
    const fields = keys
      .map((field) => ({ field, before: old?.[field] ?? null, after: now?.[field] ?? null }))
      .filter((field) => field.before !== field.after);
    return kind === "changed" && fields.length === 0 ? [] : [{ part, kind, name, fields }];
  });
}

const thingsOf: Readonly<Record<StatePart, (state: NodeState) => Things>> = {
  host: ({ host }) => valuesOf(host),
  versions: ({ versions }) => valuesOf(versions),
  configuration: ({ configuration: { files, values } }) =>
    valuesOf({ ...values, "files that are read": files.join(", ") }),
  pods: ({ pods }) =>
    byName(
      pods,
      ({ namespace, name }) => `${namespace}/${name}`,
      ({ id, uid, attempt, state, runtimeHandler }) => ({
        id,
        uid,
        attempt: String(attempt),
        state: state ?? "unknown",
        "runtime handler": runtimeHandler,
      }),
    ),
  containers: ({ containers }) =>
    byName(
      containers,
      ({ namespace, pod, podId, name }) => `${pod === "" ? podId : `${namespace}/${pod}`}/${name}`,
      ({ id, attempt, state, exitCode, image, imageId }) => ({
        id,
        attempt: String(attempt),
        state,
        ...(exitCode === null ? {} : { "exit code": String(exitCode) }),
        image,
        "image id": imageId,
      }),
    ),
  // An upgrade gives the name of an image to another one: what counts is what a name stands for.
  images: ({ images }) =>
    new Map(
      images.flatMap(({ id, digest, names }) =>
        (names.length === 0 ? [`<none> ${id}`] : names).map((name) => [name, { id, digest }] as const),
      ),
    ),
  layers: ({ layers }) =>
    new Map(layers.map(({ id, parent, size }) => [id, { parent, size: size === null ? "" : String(size) }])),
  networks: ({ networks }) =>
    new Map(
      networks.map(({ name, file, plugins, sha256 }) => [
        name,
        { file, plugins: plugins.join(", "), "configuration (SHA-256)": sha256 },
      ]),
    ),
};

function valuesOf(values: Readonly<Record<string, string>>): Things {
  return new Map(Object.entries(values).map(([name, value]) => [name, { value }]));
}

/** The newest attempt of a name is compared with the newest of the other moment; earlier ones stand for themselves. */
function byName<T extends { readonly attempt: number; readonly id: string }>(
  things: readonly T[],
  nameOf: (thing: T) => string,
  fieldsOf: (thing: T) => Readonly<Record<string, string>>,
): Things {
  const newestFirst = [...things].sort((a, b) => b.attempt - a.attempt || (a.id < b.id ? -1 : 1));
  const found: Things = new Map();
  for (const thing of newestFirst) {
    const name = nameOf(thing);
    const isTaken = found.has(name);
    found.set(
      isTaken ? `${name} (attempt ${thing.attempt}, ${thing.id.slice(0, 13)})` : name,
      fieldsOf(thing),
    );
  }
  return found;
}
