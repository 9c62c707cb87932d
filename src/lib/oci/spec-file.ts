import { KpodError } from "../errors";
import { isRecord, parseJson, readTextIfThere } from "../system/files";
import { readIntoScratch, scratch } from "../system/scratch";
import type { Spec } from "./spec";

/**
 * Reads an OCI spec from the first of these files that holds one.
 * @throws KpodError CORRUPT when none is there or none is a spec; NOT_PERMITTED, IO
 */
export function readSpec(paths: readonly string[]): Spec {
  let damage: KpodError | undefined;
  for (const path of paths) {
    try {
      const text = readTextIfThere(path);
      if (text !== undefined) return parseSpec(path, text);
    } catch (error) {
      // The other copy says the same.
      if (!(error instanceof KpodError)) throw error;
      damage ??= error;
    }
  }
  if (damage !== undefined) throw damage;
  throw new KpodError("CORRUPT", `${paths[0] ?? "config.json"} is missing`, {
    hint: "the container was made or deleted only by half",
  });
}

function parseSpec(path: string, text: string): Spec {
  const value = parseJson(path, text);
  if (!isRecord(value)) throw new KpodError("CORRUPT", `${path} does not hold an OCI spec`);
  return { ociVersion: "", ...value };
}

const headSize = 4096;
/** Where most commands have ended. */
const usualSize = 512;

/** The beginning of a spec as Go writes it, up to the words of the process. */
const beginning =
  /^\{\s*"ociVersion":\s*"[^"\\]*",\s*"process":\s*\{\s*(?:"terminal":\s*\w+,\s*)?(?:"consoleSize":\s*\{[^{}]*\},\s*)?"user":\s*\{[^{}"]*(?:"[^"\\]*"[^{}"]*)*\},\s*"args":\s*(\[\s*(?:"(?:[^"\\]|\\.)*"[\s,]*)*\])/;

/**
 * What the process of a container was called with, from the first 4 KB of its spec: the whole of one has 20 KB and
 * more, and takes ten times as long to parse.
 * @returns undefined when they do not tell: then the spec must be read
 */
export function readArgsQuickly(path: string): readonly string[] | undefined {
  const length = lengthInScratch(path, headSize);
  return argsIn(Math.min(length, usualSize)) ?? (length > usualSize ? argsIn(length) : undefined);
}

/** What so many bytes in {@link scratch} say of them; undefined where they end before. */
function argsIn(length: number): readonly string[] | undefined {
  const head = scratch.toString("utf8", 0, length);
  const args: unknown = parseOrNothing(argsByTheirPlace(head) ?? beginning.exec(head)?.[1]);
  return Array.isArray(args) && args.every((word) => typeof word === "string") ? args : undefined;
}

/** The list of them in a spec that Go has indented: no text holds a line end, and so each stands where it seems to. */
function argsByTheirPlace(head: string): string | undefined {
  const start = head.indexOf('\n\t\t"args": [\n');
  // The key of the first level before it must be that of the process.
  if (start < 0 || !head.startsWith('\n\t"process": {\n', head.lastIndexOf('\n\t"', start))) return undefined;
  const end = head.indexOf("\n\t\t]", start);
  return end < 0 ? undefined : head.slice(head.indexOf("[", start), end + "\n\t\t]".length);
}

/**
 * An annotation of a spec as Go writes it, indented, a line each: then its line is found without parsing the rest.
 * @returns undefined when it is not found so, which does not say that it is not there
 */
export function readAnnotationQuickly(path: string, key: string): string | undefined {
  return annotationInScratch(lengthInScratch(path), key);
}

/**
 * The same of a spec that was read into {@link scratch}.
 * @param length how many bytes of it there are
 */
export function annotationInScratch(length: number, key: string): string | undefined {
  if (length === scratch.length) return undefined;
  // Only a key of the second level stands behind two tabs, and only annotations have such names.
  const start = `\n\t\t${JSON.stringify(key)}: `;
  const found = scratch.indexOf(start);
  // What stands behind the end is of other files.
  if (found < 0 || found >= length) return undefined;
  const line = scratch.toString("utf8", found + start.length, scratch.indexOf("\n", found + 1));
  const value = parseOrNothing(line.endsWith(",") ? line.slice(0, -1) : line);
  return typeof value === "string" ? value : undefined;
}

/** Reads the beginning of a file, of which nothing is there when it cannot be read: who reads it whole says why. */
function lengthInScratch(path: string, length?: number): number {
  try {
    return readIntoScratch(path, length);
  } catch {
    return 0;
  }
}

function parseOrNothing(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
