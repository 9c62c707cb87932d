import { readHungTaskIds } from "./hung-tasks";
import { readNamespaceMounts } from "./namespace-mounts";
import { readLayerFiles, readOverlayHome } from "./overlay-home";
import { readPrograms } from "./programs";
import { readSpecGlances } from "./spec-glances";

/**
 * What is read of a node in thousands of small files, by functions that need nothing else and give plain data: another
 * thread can do it while the checks are at work.
 */
export const readings = {
  overlayHome: readOverlayHome,
  layerFiles: readLayerFiles,
  namespaceMounts: readNamespaceMounts,
  programs: readPrograms,
  specGlances: readSpecGlances,
  hungTaskIds: readHungTaskIds,
} as const;

/** The readings by their names. */
export type Readings = typeof readings;

/** Reads, wherever. */
export interface Reader {
  /** @throws what the reading throws: KpodError, or the error of the operating system */
  readonly read: <Name extends keyof Readings>(
    name: Name,
    ...args: Parameters<Readings[Name]>
  ) => Promise<ReturnType<Readings[Name]>>;
}

/** Reads in this thread, at once. */
export const readerHere: Reader = {
  read: (name, ...args) =>
    new Promise((resolve) => {
      resolve(perform(name, args));
    }),
};

const byName: {
  readonly [Name in keyof Readings]: (...args: Parameters<Readings[Name]>) => ReturnType<Readings[Name]>;
} = readings;

/** Calls a reading by its name. */
export function perform<Name extends keyof Readings>(
  name: Name,
  args: Parameters<Readings[Name]>,
): ReturnType<Readings[Name]> {
  return byName[name](...args);
}
