/** The architectures, by node's names, for which there is an engine, and so an executable. */
export const ARCHITECTURES: readonly string[];

/** The version of the engine. */
export function engineVersion(root: string): string;

/** The engine that runs on this machine, or why there is none. */
export function ownEngine(
  root: string,
  arch?: string,
): Promise<{ program: string; missing?: undefined } | { program?: undefined; missing: string }>;

/** The engine's binary for an architecture; npm brings that of another machine. */
export function engineFor(root: string, arch: string): Promise<string>;
