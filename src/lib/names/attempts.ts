import { KpodError } from "../errors";

/** Which attempt of a container is meant where its name has several: one by its number, or the one made last. */
export type Attempt = number | "newest";

/** What of a container tells which attempt it is, and of what. */
interface Attempted {
  readonly metadata: { readonly attempt: number };
  readonly createdAt: Date;
}

/**
 * Of containers of one name those that are meant. Several that are attempts of one container of one pod are one to a user, as
 * they are to kubectl; those of different pods stay several.
 * @param place tells apart the containers of which there are attempts: namespace, pod and name
 */
export function chooseAttempt<T extends Attempted>(
  fitting: readonly T[],
  attempt: Attempt,
  place: (container: T) => string,
): readonly T[] {
  const numbered =
    attempt === "newest" ? fitting : fitting.filter(({ metadata }) => metadata.attempt === attempt);
  // An error names those that there are.
  const meant = numbered.length === 0 ? fitting : numbered;
  if (new Set(meant.map(place)).size > 1) return meant;
  const ageOf = ({ createdAt, metadata }: T): AttemptAge => ({
    createdAt: createdAt.getTime(),
    attempt: metadata.attempt,
  });
  return [...meant].sort((a, b) => newestFirst(ageOf(a), ageOf(b))).slice(0, 1);
}

/** What tells which of two attempts was made last. */
export interface AttemptAge {
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly attempt: number;
}

/** Orders attempts: the one made last first. */
export function newestFirst(a: AttemptAge, b: AttemptAge): number {
  return b.createdAt - a.createdAt || b.attempt - a.attempt;
}

/** The error for an attempt that is not there. @param there the numbers of those that are */
export function noSuchAttempt(wanted: string, attempt: number, there: readonly number[]): KpodError {
  const numbers = [...new Set(there)].sort((a, b) => a - b);
  return new KpodError("NOT_FOUND", `container ${wanted} has no attempt ${attempt}`, {
    hint: `on this node there is ${numbers.join(", ")}`,
  });
}
