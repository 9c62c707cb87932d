/** Where a busybox may be, in order. */
export const BUSYBOX_PATHS: readonly string[];

/** The busybox on this machine. @throws Error when there is none. */
export function findBusybox(): string;

/** Fills an empty directory with a small system: /bin/busybox, a link for each applet, /etc, /tmp and so on. */
export function makeBusyboxRootfs(directory: string, busybox?: string): void;

/** Fills an empty directory with /pause, to lie over the tree of busybox. */
export function makePauseRootfs(directory: string): void;
