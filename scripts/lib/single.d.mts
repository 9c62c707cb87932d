/**
 * Makes kpod a single executable file for the architecture of this machine.
 * @param root the repository, with its node packages installed
 * @param path the file to write; its directory is made
 */
export function buildSingle(root: string, path: string): Promise<void>;
