import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { KpodError } from "../../../src/lib/errors";

/** A directory for the files of one test file, removed when its tests are through. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "kpod-config-"));
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}

/** Writes a file, with the directories it lies in, and returns its path. */
export function writeFile(directory: string, name: string, text: string | Uint8Array): string {
  const path = join(directory, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** The error that a call throws; a call that throws none, or another kind, fails the test. */
export function kpodErrorOf(call: () => unknown): KpodError {
  try {
    call();
  } catch (error) {
    if (error instanceof KpodError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
