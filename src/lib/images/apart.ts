import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { KpodError } from "../errors";
import type { ArchivedImage } from "./archive";

/**
 * Makes layouts of OCI that hold one image each of an archive or layout that holds several: skopeo picks them by name, and
 * some have none. The blobs are not copied; those of an archive are unpacked once, when the first is asked for.
 * @param scratch a directory for files on their way
 * @returns what makes the layout of an entry of the index, and tells its directory; it throws KpodError IO when the
 * archive cannot be unpacked, INTERRUPTED
 */
export function layoutsApart(
  path: string,
  scratch: string,
  transport: ArchivedImage["transport"],
  signal?: AbortSignal,
): (entry: Readonly<Record<string, unknown>>) => Promise<string> {
  let count = 0;
  let whole = transport === "oci" ? Promise.resolve(resolve(path)) : undefined;
  return async (entry) => {
    whole ??= unpackArchive(path, join(scratch, "unpacked"), signal);
    const blobs = join(await whole, "blobs");
    const layout = join(scratch, `apart-${++count}`);
    mkdirSync(layout);
    symlinkSync(blobs, join(layout, "blobs"));
    writeFileSync(join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
    writeFileSync(join(layout, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
    return layout;
  };
}

async function unpackArchive(path: string, target: string, signal?: AbortSignal): Promise<string> {
  const { execa } = await import("execa");
  mkdirSync(target);
  const words = ["--extract", "--no-same-owner", "--no-same-permissions", `--directory=${target}`];
  // From a relative path with a colon tar would read a host's name.
  const result = await execa("tar", [...words, `--file=${resolve(path)}`], {
    reject: false,
    stdin: "ignore",
    env: { LC_ALL: "C" },
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  if (result.isCanceled) throw new KpodError("INTERRUPTED", "interrupted while loading an image");
  if (result.failed) {
    throw new KpodError("IO", `cannot unpack ${path}: ${result.stderr.trim().split("\n")[0] ?? ""}`);
  }
  return target;
}
