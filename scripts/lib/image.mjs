// Makes real OCI images from the machine's own busybox, since a fresh machine has no registry to pull from.
import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { findBusybox, makeBusyboxRootfs, makePauseRootfs } from "./image-rootfs.mjs";

// One fixed time in everything that holds one, so that the same busybox gives the same image ids.
const EPOCH_SECONDS = 1_704_067_200;
const CREATED = new Date(EPOCH_SECONDS * 1000).toISOString().replace(".000Z", "Z");
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Node's names of processors, as Go and so OCI call them. */
const ARCHITECTURES = { x64: "amd64", ia32: "386", ppc64: "ppc64le", mipsel: "mipsle" };

const MEDIA_TYPES = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
};

function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A tar that depends on the names, modes and contents below `directory` alone. */
export function reproducibleTar(directory) {
  const options = ["--create", "--format=ustar", "--sort=name", `--mtime=@${EPOCH_SECONDS}`];
  const owner = ["--owner=root:0", "--group=root:0", "--numeric-owner"];
  const names = readdirSync(directory).sort();
  const args = [...options, ...owner, "--file=-", `--directory=${directory}`, "--", ...names];
  return execFileSync("tar", args, { maxBuffer: 1 << 30 });
}

function makeLayer(scratch, comment, fill) {
  const rootfs = mkdtempSync(join(scratch, "rootfs-"));
  fill(rootfs);
  const tar = reproducibleTar(rootfs);
  return { tar, comment };
}

function imageConfig(layers, config) {
  return {
    created: CREATED,
    architecture: ARCHITECTURES[process.arch] ?? process.arch,
    os: "linux",
    config,
    rootfs: { type: "layers", diff_ids: layers.map(({ tar }) => `sha256:${sha256(tar)}`) },
    history: layers.map(({ comment }) => ({ created: CREATED, created_by: comment })),
  };
}

function writeLayout(directory, name, layers, configBytes) {
  const blobs = join(directory, "blobs/sha256");
  mkdirSync(blobs, { recursive: true });
  const put = (mediaType, bytes) => {
    const hex = sha256(bytes);
    writeFileSync(join(blobs, hex), bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.manifest,
    config: put(MEDIA_TYPES.config, configBytes),
    layers: layers.map(({ tar }) => put(MEDIA_TYPES.layer, gzipSync(tar))),
  };
  const descriptor = put(MEDIA_TYPES.manifest, JSON.stringify(manifest));
  const annotations = { "org.opencontainers.image.ref.name": name };
  const manifests = [{ ...descriptor, annotations }];
  const index = { schemaVersion: 2, mediaType: MEDIA_TYPES.index, manifests };
  writeFileSync(join(directory, "index.json"), JSON.stringify(index));
  writeFileSync(join(directory, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  return descriptor.digest;
}

/** What `docker save` writes: manifest.json, the config, and each layer as a plain tar. */
function writeDockerTree(directory, name, layers, configBytes) {
  mkdirSync(directory);
  const config = `${sha256(configBytes)}.json`;
  writeFileSync(join(directory, config), configBytes);
  const layerPaths = layers.map(({ tar }) => {
    const id = sha256(tar);
    mkdirSync(join(directory, id), { recursive: true });
    writeFileSync(join(directory, id, "layer.tar"), tar);
    return `${id}/layer.tar`;
  });
  const manifest = [{ Config: config, RepoTags: [name], Layers: layerPaths }];
  writeFileSync(join(directory, "manifest.json"), JSON.stringify(manifest));
}

function writeImage(directory, name, layers, config, scratch) {
  const configBytes = Buffer.from(JSON.stringify(imageConfig(layers, config)));
  const layout = join(directory, "layout");
  const ociArchive = join(directory, "oci-archive.tar");
  const dockerArchive = join(directory, "docker-archive.tar");
  const digest = writeLayout(layout, name, layers, configBytes);
  writeFileSync(ociArchive, reproducibleTar(layout));
  const dockerTree = join(scratch, "docker");
  writeDockerTree(dockerTree, name, layers, configBytes);
  writeFileSync(dockerArchive, reproducibleTar(dockerTree));
  return { name, id: sha256(configBytes), digest, layout, ociArchive, dockerArchive };
}

function withScratch(directory, work) {
  mkdirSync(directory, { recursive: true });
  const scratch = mkdtempSync(join(directory, ".making-"));
  try {
    return work(scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function busyboxLayer(scratch, busybox) {
  return makeLayer(scratch, "busybox-static with its applets", (rootfs) => {
    makeBusyboxRootfs(rootfs, busybox);
  });
}

/** See image.d.mts. */
export function makeBusyboxImage(directory, options = {}) {
  const { name = "localhost/busybox:latest", config = {}, busybox } = options;
  const defaults = { Cmd: ["sh"], Labels: { "org.opencontainers.image.title": "busybox" } };
  return makeLayeredImage(directory, { name, busybox, config: { ...defaults, ...config } });
}

/** See image.d.mts. */
export function makePauseImage(directory, options = {}) {
  const { name = "localhost/pause:latest", config = {}, busybox } = options;
  const layers = [{ comment: "the pause program of pods", fill: makePauseRootfs }];
  return makeLayeredImage(directory, {
    name,
    busybox,
    layers,
    config: { Entrypoint: ["/pause"], ...config },
  });
}

/** See image.d.mts. */
export function makeLayeredImage(directory, { name, config, busybox = findBusybox(), layers = [] }) {
  return withScratch(directory, (scratch) => {
    const made = layers.map(({ comment, fill }) => makeLayer(scratch, comment, fill));
    const all = [busyboxLayer(scratch, busybox), ...made];
    return writeImage(directory, name, all, { Env: [`PATH=${PATH}`], ...config }, scratch);
  });
}
