import { KpodError } from "../errors";
import { mayBeginId } from "./ids";

/** What a look-up compares: a container or a pod. */
export interface Named {
  id: string;
  /** Full name. */
  name: string;
}

/**
 * Finds what a user means among containers or pods: by full name, by full id, by its name in Kubernetes
 * (bare, or as a path from the pod or namespace down) where only one has it, or by a unique prefix of the id. A name
 * that is also the beginning of another's id is ambiguous: nobody may take another's place by what he is called.
 * @param kind for the messages
 * @param kubePath the names in Kubernetes from the outermost to its own, for example namespace, pod, container
 * @param others what else has an id that could be meant
 * @param choose takes of those that have a name in Kubernetes the ones that are meant
 * @throws KpodError NOT_FOUND, or AMBIGUOUS with the candidates
 */
export function lookUp<T extends Named>(
  kind: "container" | "pod",
  all: readonly T[],
  wanted: string,
  kubePath: (item: T) => readonly string[],
  others: () => Iterable<Named> = () => [],
  choose: (fitting: readonly T[]) => readonly T[] = (fitting) => fitting,
): T {
  const exact = all.find(({ id }) => id === wanted);
  if (exact !== undefined) return exact;
  const fitting = choose(named(all, wanted, kubePath));
  if (fitting.length > 0 && mayBeginId(wanted)) {
    const rivals = byPrefix<Named>([...all, ...others()], wanted).filter(({ id }) =>
      fitting.every((item) => item.id !== id),
    );
    const path = kind === "pod" ? "NAMESPACE/POD" : "POD/CONTAINER";
    const hint = `give more of the id, or the name as ${path}`;
    if (rivals.length > 0) throw ambiguous(kind, wanted, [...fitting, ...rivals], hint);
  }
  const found = only(kind, wanted, fitting) ?? only(kind, wanted, byPrefix(all, wanted));
  if (found !== undefined) return found;
  throw notFoundError(kind, wanted);
}

function named<T extends Named>(
  all: readonly T[],
  wanted: string,
  kubePath: (item: T) => readonly string[],
): readonly T[] {
  // A name that several have belongs to the last of them.
  const exact = all.findLast(({ name }) => name === wanted);
  if (exact !== undefined) return [exact];
  const parts = wanted.split("/");
  return all.filter((item) => {
    const path = kubePath(item).slice(-parts.length);
    return path.length === parts.length && path.every((name, index) => name === parts[index]);
  });
}

/** The error of kpod 1.0 for what does not exist. */
export function notFoundError(kind: "container" | "pod", wanted: string, hint?: string): KpodError {
  const message = `${kind} with ID starting with ${wanted} not found: ID does not exist`;
  return new KpodError("NOT_FOUND", message, { hint });
}

/** True for the error of a look-up that found nothing. */
export function isNotFoundError(error: unknown): boolean {
  return error instanceof KpodError && error.code === "NOT_FOUND";
}

function byPrefix<T extends Named>(all: readonly T[], wanted: string): T[] {
  return /^[0-9a-f]+$/.test(wanted) ? all.filter(({ id }) => id.startsWith(wanted)) : [];
}

function only<T extends Named>(kind: string, wanted: string, fitting: readonly T[]): T | undefined {
  if (fitting.length > 1) throw ambiguous(kind, wanted, fitting);
  return fitting[0];
}

function ambiguous(
  kind: string,
  wanted: string,
  fitting: readonly Named[],
  hint = "give more of the id or the full name",
): KpodError {
  const candidates = fitting.map(({ id, name }) => `${id.slice(0, 13)} (${name})`).join(", ");
  return new KpodError("AMBIGUOUS", `${kind} ${wanted} is ambiguous, it can be ${candidates}`, { hint });
}
