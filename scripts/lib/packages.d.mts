/**
 * Makes the packages for npm.
 * @param root the repository, with its node packages installed
 * @param outdir the directory to write them to
 * @param architectures those whose executables are made, by node's names; all of which there are engines where it is
 *   left out
 * @returns the paths of the packages: one a given architecture, and kpod
 */
export function buildPackages(
  root: string,
  outdir: string,
  architectures?: readonly string[],
): Promise<readonly string[]>;
