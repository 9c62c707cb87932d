import type { ImageFiles } from "./image.mjs";

/**
 * Makes an image of kpod's executable for this machine's processor, as files in `directory`; the same executable, C
 * library and busybox give the same id.
 * @param options.root the repository
 * @param options.licences the licences of what is in the executable
 * @throws Error when there is no busybox
 */
export function makeKpodImage(
  directory: string,
  options: {
    readonly root: string;
    readonly executable: string;
    readonly licences: string;
    readonly busybox?: string;
  },
): ImageFiles;
