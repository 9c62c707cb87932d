import type { NodeImage } from "./node-image.mjs";

/**
 * Boots a machine from an image, which it leaves as it is, and a second disk, and waits until it is off.
 * @returns whether the time was up before
 */
export function bootMachine(
  image: NodeImage,
  testsDisk: string,
  options: {
    /** For what the machine writes to its own disk. */
    readonly directory: string;
    readonly timeLimitMs: number;
    /** Gets each line of the machine's console. */
    readonly onLine: (line: string) => void;
  },
): Promise<{ timedOut: boolean }>;

/** The text of a file of an ext4 file system that nobody has mounted; undefined where there is none. */
export function readFromDisk(disk: string, name: string, directory: string): Promise<string | undefined>;
