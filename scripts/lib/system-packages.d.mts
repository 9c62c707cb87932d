export type Purpose = "demo" | "tests" | "node";

/** Something that has to be there. */
export interface Requirement {
  readonly what: string;
  /** Debian's package that brings it. */
  readonly packageName: string;
  readonly why: string;
  readonly purposes: readonly Purpose[];
  /** Looks for it; `path` stands in for PATH. */
  isThere(path?: string): boolean;
}

export const REQUIREMENTS: readonly Requirement[];

/** Whether an ELF file needs no dynamic loader. */
export function isStaticProgram(path: string): boolean;

/** What is missing for a purpose. */
export function missingRequirements(
  purpose: Purpose,
  requirements?: readonly Requirement[],
  path?: string,
): readonly Requirement[];
