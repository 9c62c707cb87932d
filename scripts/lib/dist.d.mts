/** Whether dist/ below `root` is there and no source is newer. */
export function distIsCurrent(root: string): boolean;

/** Builds dist/ where it is not current; gives whether it did. */
export function buildDist(root: string): Promise<boolean>;
