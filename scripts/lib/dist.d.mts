/** Whether one of these sources, a directory with all in it, is newer than a file. */
export function isNewerThan(root: string, sources: readonly string[], path: string): boolean;

/** Whether dist/ below `root` is there and no source is newer. */
export function distIsCurrent(root: string): boolean;

/** Builds dist/ where it is not current; gives whether it did. */
export function buildDist(root: string): Promise<boolean>;
