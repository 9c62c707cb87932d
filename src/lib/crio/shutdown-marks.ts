import { existsSync } from "node:fs";
import type { Config } from "../config";

/** Where CRI-O leaves the mark of an orderly end, unless its configuration names another file. */
const usualCleanFile = "/var/lib/crio/clean.shutdown";

/** The marks of how CRI-O ended. */
export interface ShutdownMarks {
  /** The file that an orderly end leaves; "" where none is asked for. */
  readonly cleanFile: string;
  /** True where the last CRI-O did not end in order, and will look through its store. */
  readonly unclean: boolean;
  /** True where a CRI-O has left such marks. */
  readonly isUsed: boolean;
}

/** How the last CRI-O ended, by its marks. */
export function shutdownMarks(config: Config): ShutdownMarks {
  const cleanFile = crioSetting(config, "clean_shutdown_file") ?? usualCleanFile;
  const isUsed = cleanFile !== "" && existsSync(`${cleanFile}.supported`);
  return { cleanFile, unclean: isUsed && !existsSync(cleanFile), isUsed };
}

/** What the configuration says of a key of its table `[crio]` that kpod has no field for. */
export function crioSetting(config: Config, name: string): string | undefined {
  const found = config.further(["crio"], name);
  const value = found === undefined ? undefined : found.section.values[found.key];
  return typeof value === "string" || typeof value === "boolean" ? String(value) : undefined;
}
