import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** An OCI layout that is damaged, or means harm. */
export interface LayoutOptions {
  /** Changes a packed layer after its digest was taken. */
  readonly spoil?: (packed: Buffer, index: number) => Buffer;
  /** In Go's words; default amd64. */
  readonly architecture?: string;
}

/** Writes an OCI layout with one image of these layers, given as tars. */
export function writeLayout(directory: string, tars: readonly Buffer[], options: LayoutOptions = {}): string {
  const blobs = join(directory, "blobs/sha256");
  mkdirSync(blobs, { recursive: true });
  const put = (content: Buffer, stored = content): { digest: string; size: number } => {
    const hex = createHash("sha256").update(content).digest("hex");
    writeFileSync(join(blobs, hex), stored);
    return { digest: `sha256:${hex}`, size: stored.length };
  };
  const putJson = (
    mediaType: string,
    value: object,
  ): { mediaType: string; digest: string; size: number } => ({
    mediaType,
    ...put(Buffer.from(JSON.stringify(value))),
  });
  const diffIds = tars.map((tar) => `sha256:${createHash("sha256").update(tar).digest("hex")}`);
  const { architecture = "amd64" } = options;
  const config = { architecture, os: "linux", rootfs: { type: "layers", diff_ids: diffIds } };
  const layers = tars.map((tar, index) => {
    const packed = gzipSync(tar);
    return {
      mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
      ...put(packed, options.spoil?.(packed, index)),
    };
  });
  const manifest = putJson("application/vnd.oci.image.manifest.v1+json", {
    schemaVersion: 2,
    config: putJson("application/vnd.oci.image.config.v1+json", config),
    layers,
  });
  writeFileSync(join(directory, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [manifest] }));
  writeFileSync(join(directory, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  return directory;
}

/** Writes an OCI layout with one index, of images for several architectures, each given as a layout of its own. */
export function writeIndexLayout(directory: string, layouts: Readonly<Record<string, string>>): string {
  const blobs = join(directory, "blobs/sha256");
  const manifests = Object.entries(layouts).map(([architecture, layout]) => {
    cpSync(join(layout, "blobs/sha256"), blobs, { recursive: true });
    const { manifests: own } = JSON.parse(readFileSync(join(layout, "index.json"), "utf8")) as {
      manifests: { mediaType: string; digest: string; size: number }[];
    };
    const [{ mediaType, digest, size } = { mediaType: "", digest: "", size: 0 }] = own;
    return { mediaType, digest, size, platform: { architecture, os: "linux" } };
  });
  const mediaType = "application/vnd.oci.image.index.v1+json";
  const index = JSON.stringify({ schemaVersion: 2, mediaType, manifests });
  const hex = createHash("sha256").update(index).digest("hex");
  writeFileSync(join(blobs, hex), index);
  const entry = { mediaType, digest: `sha256:${hex}`, size: index.length };
  writeFileSync(join(directory, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
  writeFileSync(join(directory, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  return directory;
}

/** A tar of some files of a directory, each under the name that `transform` (a sed expression) gives it. */
export function tarOf(directory: string, names: readonly string[], transform?: string): Buffer {
  const words = transform === undefined ? [] : ["--absolute-names", `--transform=${transform}`];
  const args = ["--create", "--file=-", `--directory=${directory}`, ...words, "--", ...names];
  return execFileSync("tar", args, { maxBuffer: 64 * 1024 * 1024 });
}
