/** Fields of an os-release file, without quotes. */
export function parseOsRelease(text: string): Record<string, string>;

/** Whether this is Debian or something made from it, with apt-get. */
export function hasApt(osRelease?: string): boolean;

/** Installs packages. @throws ScriptError with the last lines of apt-get. */
export function aptInstall(packages: readonly string[]): Promise<void>;
