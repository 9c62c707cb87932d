/** The usual name of the package's file for this machine: `kpod_0.1.0_amd64.deb`. */
export function debName(version: string): string;

/**
 * Makes a Debian package for the architecture of this machine: the single executable file, manual pages,
 * completions and schemas.
 * @param root the repository, with its node packages installed
 * @param path the file to write; its directory is made
 */
export function buildDeb(root: string, path: string): Promise<void>;
