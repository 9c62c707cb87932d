/**
 * Makes kpod a single executable file.
 * @param root the repository, with its node packages installed
 * @param path the file to write; its directory is made
 * @param arch node's name of the architecture that it is for; that of this machine where it is left out
 */
export function buildSingle(root: string, path: string, arch?: string): Promise<void>;

/**
 * Keeps build/kpod as new as its sources; gives its path, or undefined where there is no engine for this machine,
 * which it says.
 */
export function keepSingle(root: string): Promise<string | undefined>;
