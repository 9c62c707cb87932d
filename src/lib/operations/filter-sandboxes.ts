import type { Sandbox } from "../sandbox/sandbox";
import { hasLabel, labelRule, matchesTerms, parseFilterTerms, type FilterTerm } from "./filter-terms";

/** By what pods can be filtered. */
export const sandboxFilterKeys = ["id", "label", "name", "namespace", "network", "state"] as const;

/** By what pods can be filtered. */
export type SandboxFilterKey = (typeof sandboxFilterKeys)[number];
/** A condition that pods have to fulfil. */
export type SandboxFilterTerm = FilterTerm<SandboxFilterKey>;

/**
 * Reads conditions for pods, as `pod ps --filter` takes them: `state=ready`, `namespace!=kube-system`.
 * @throws KpodError BAD_ARGUMENT
 */
export function parseSandboxFilters(texts: readonly string[]): SandboxFilterTerm[] {
  return parseFilterTerms(texts, sandboxFilterKeys, (key, value) => {
    if (key === "label") return labelRule(value);
    if (key !== "state" || /^((not)?ready|creating)$/i.test(value)) return undefined;
    return "ready, notready or creating";
  });
}

/** Reads something of a pod; where that fails, the other value stands. */
export type SandboxRead = <T>(sandbox: Sandbox, otherwise: T, read: () => T) => T;

/** The names of the networks that a pod is in. */
export type NetworksOf = (sandbox: Sandbox) => readonly string[];

/**
 * The filter that conditions make: see containerFilter.
 * @param networksOf is asked where a condition is about networks; by `podNetworkNames`
 */
export function sandboxFilter(
  terms: readonly SandboxFilterTerm[],
  read: SandboxRead,
  networksOf: NetworksOf = () => [],
): (sandbox: Sandbox) => boolean {
  const test = (sandbox: Sandbox, { key, value }: SandboxFilterTerm): boolean =>
    key === "network"
      ? shownNetworks(sandbox, read, networksOf).includes(value)
      : tests[key](sandbox, value, read);
  return matchesTerms(terms, test, ["label"]);
}

/** The networks of a pod by their names; `host` for one on the host's. */
export function shownNetworks(
  sandbox: Sandbox,
  read: SandboxRead,
  networksOf: NetworksOf,
): readonly string[] {
  return read(sandbox, false, () => sandbox.hostNetwork) ? ["host"] : networksOf(sandbox);
}

/** True when a word means a pod: its name in Kubernetes (also with its namespace), its full name, or part of its id. */
export function sandboxIsNamed({ id, name, kubeName, namespace }: Sandbox, word: string): boolean {
  return [kubeName, name, `${namespace}/${kubeName}`].includes(word) || id.startsWith(word);
}

type Test = (sandbox: Sandbox, value: string, read: SandboxRead) => boolean;

const tests: Readonly<Record<Exclude<SandboxFilterKey, "network">, Test>> = {
  id: ({ id }, value) => id.startsWith(value),
  label: (sandbox, value, read) =>
    hasLabel(
      read(sandbox, {}, () => sandbox.labels),
      value,
    ),
  // Full names all begin alike and hold the namespace: they are meant only by who writes them so.
  name: ({ name, kubeName }, value) =>
    kubeName.includes(value) || (value.startsWith("k8s_") && name.includes(value)),
  namespace: ({ namespace }, value) => namespace === value,
  state: (sandbox, value, read) =>
    read<string>(sandbox, "NotReady", () => sandbox.state).toLowerCase() === value.toLowerCase(),
};
