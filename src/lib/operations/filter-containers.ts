import type { ContainerFilter } from "../container-lists";
import { imageNameMatches, shownImageName, type ImageNames } from "../images/names";
import type { Container } from "../oci/container";
import type { Sandbox } from "../sandbox/sandbox";
import type { ServerView } from "../server-parts";
import { sandboxIsNamed } from "./filter-sandboxes";
import { hasLabel, labelRule, matchesTerms, oneOf, parseFilterTerms, type FilterTerm } from "./filter-terms";
import { mountsOf } from "./spec-mounts";

/** By what containers can be filtered. */
export const containerFilterKeys = [
  "ancestor",
  "before",
  "exited",
  "id",
  "label",
  "name",
  "namespace",
  "pod",
  "since",
  "status",
  "volume",
] as const;

/** By what containers can be filtered. */
export type ContainerFilterKey = (typeof containerFilterKeys)[number];
/** A condition that containers have to fulfil. */
export type ContainerFilterTerm = FilterTerm<ContainerFilterKey>;

/** The states a user can ask for; `exited` is podman's and docker's word for `stopped`. */
const statusNames = ["creating", "created", "running", "paused", "stopped", "exited", "unknown"] as const;

/**
 * Reads conditions for containers, as `ps --filter` takes them: `status=running`, `label!=app=web`.
 * @throws KpodError BAD_ARGUMENT
 */
export function parseContainerFilters(texts: readonly string[]): ContainerFilterTerm[] {
  return parseFilterTerms(texts, containerFilterKeys, (key, value) => {
    switch (key) {
      case "label":
        return labelRule(value);
      case "exited":
        return /^-?\d+$/.test(value) ? undefined : "an exit code";
      case "status":
        return statusNames.some((name) => name === value) ? undefined : oneOf(statusNames);
      default:
        return undefined;
    }
  });
}

/** What conditions must know beyond the container itself. */
export interface ContainerFilterWorld {
  readonly sandboxOf: (container: Container) => Sandbox | undefined;
  /** When the containers that `before` and `since` name were created, in milliseconds since 1970. */
  readonly createdAt: ReadonlyMap<string, number>;
  /** All names of the images. */
  readonly imageNames: ImageNames;
  /** Reads something of a container; where that fails, the other value stands. */
  readonly read: <T>(container: Container, otherwise: T, read: () => T) => T;
}

/**
 * The filter that conditions make: conditions of different keys must all hold, of one key any (all of the
 * labels), and none that is negated.
 */
export function containerFilter(
  terms: readonly ContainerFilterTerm[],
  world: ContainerFilterWorld,
): ContainerFilter {
  return matchesTerms(terms, (container, { key, value }) => tests[key](container, value, world), ["label"]);
}

/**
 * The same for what a server knows now. Of the store's images only the names are read, and only for `ancestor`.
 * @param read reads something of a container, and tells when it cannot
 * @param sandboxOf the pod of a container, where the server's lists do not tell
 * @throws KpodError NOT_FOUND, AMBIGUOUS for the container that `before` or `since` names; CORRUPT, IO
 */
export async function openContainerFilter(
  server: Pick<ServerView, "store" | "lists" | "logger">,
  terms: readonly ContainerFilterTerm[],
  read: ContainerFilterWorld["read"],
  sandboxOf: ContainerFilterWorld["sandboxOf"] = ({ sandboxId }) => server.lists.getSandbox(sandboxId),
): Promise<ContainerFilter> {
  const named = terms.filter(({ key }) => key === "before" || key === "since");
  const ofImages = terms.some(({ key }) => key === "ancestor");
  return containerFilter(terms, {
    sandboxOf,
    createdAt: new Map(
      named.map(({ value }) => [
        value,
        server.lists.lookupContainer(value, "filter", { attempt: "newest" }).createdAt.getTime(),
      ]),
    ),
    imageNames: ofImages ? await imageNamesOf(server) : new Map(),
    read,
  });
}

async function imageNamesOf(server: Pick<ServerView, "store" | "logger">): Promise<ImageNames> {
  const { readableImageNames } = await import("./readable-images");
  return readableImageNames(server);
}

/** True when conditions ask for a state or an end: those mean containers that do not run, too. */
export function asksForState(terms: readonly ContainerFilterTerm[]): boolean {
  return terms.some(({ key }) => key === "status" || key === "exited");
}

/** True for what a list shows unasked: a container whose runtime could not be asked may well run, and hiding it would hide it when it matters most. */
export function mayRun({ state }: Container): boolean {
  return !["creating", "created", "stopped"].includes(state?.status ?? "");
}

type Test = (container: Container, value: string, world: ContainerFilterWorld) => boolean;

const tests: Readonly<Record<ContainerFilterKey, Test>> = {
  ancestor: (container, value, { imageNames, read }) => {
    const { imageId, imageName } = container;
    const id = value.replace(/^sha256:/, "");
    if (/^[0-9a-f]{3,64}$/.test(id) && imageId.startsWith(id)) return true;
    const shown = read(container, imageName, () => shownImageName(container, imageNames));
    return [shown, imageName, ...(imageNames.get(imageId) ?? [])].some((name) =>
      imageNameMatches(value, name),
    );
  },
  before: ({ createdAt }, value, world) => createdAt.getTime() < createdAtOf(value, world),
  since: ({ createdAt }, value, world) => createdAt.getTime() > createdAtOf(value, world),
  exited: ({ state }, value) => state?.status === "stopped" && state.exitCode === Number(value),
  id: ({ id }, value) => id.startsWith(value),
  label: (container, value, { read }) =>
    hasLabel(
      read(container, {}, () => container.labels),
      value,
    ),
  name: ({ name }, value) => name.includes(value),
  namespace: (container, value, { sandboxOf }) => sandboxOf(container)?.namespace === value,
  pod: (container, value, { sandboxOf }) => {
    const sandbox = sandboxOf(container);
    return sandbox === undefined ? container.sandboxId.startsWith(value) : sandboxIsNamed(sandbox, value);
  },
  status: ({ state }, value) => (state?.status ?? "unknown") === statusOf(value),
  volume: (container, value, { read }) => {
    const path = withoutSlash(value);
    return read(container, [], () => mountsOf(container.spec)).some(
      ({ source, destination }) => withoutSlash(source) === path || withoutSlash(destination) === path,
    );
  },
};

function createdAtOf(name: string, { createdAt }: ContainerFilterWorld): number {
  // Nothing is before or since what nobody looked up.
  return createdAt.get(name) ?? NaN;
}

function statusOf(name: string): string {
  return name === "exited" ? "stopped" : name;
}

function withoutSlash(path: string): string {
  return path.replace(/(?<=.)\/+$/, "");
}
