/** The version of the package, which the build writes in. */
declare const KPOD_VERSION: string;

/** The version of kpod. */
export const version = KPOD_VERSION;

/** What `--version` prints. */
export const versionLine = `kpod version ${version}\n`;
