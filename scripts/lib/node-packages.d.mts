/** Whether node_modules below `root` holds what package-lock.json names. */
export function nodePackagesAreCurrent(root: string): boolean;

/** Runs npm ci where they are not; gives whether it did. */
export function installNodePackages(root: string): Promise<boolean>;
