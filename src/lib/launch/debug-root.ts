/*
 * The file system of a session of `kpod debug`, mounted in a mount namespace that nobody else sees: the tools at its root,
 * and the target's at a directory below. What is written beside the target's own files lies in memory.
 */
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readlinkSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { KpodError } from "../errors";
import { isStorageId, type StorageId } from "../names/ids";
import type { Container } from "../oci/container";
import { longestMountData, readMountOptions } from "../storage/overlay";
import type { Store } from "../storage/store";
import { closing, O_PATH } from "../system/files";
import { labelOptions, mount, mountFlags, remountReadOnly } from "../system/mount";
import {
  attachMounts,
  cloneMounts,
  makeMountNamespace,
  type MountNamespace,
} from "../system/mount-namespace";
import { makeDirectoryInRoot, openInRoot } from "../system/open-in-root";

/** What the root of a session is made of. */
export type DebugTools =
  /** The file system of an image, or of a container as it lies in the store; what is written to it is lost. */
  | { readonly kind: "layer"; readonly layer: StorageId }
  /** The programs of this node, which can only be read. */
  | { readonly kind: "node" };

/** What is to be seen at the directory for the target. */
export type DebugTarget =
  /** The file system of a process, by descriptors for `cloneMounts`. */
  | { readonly kind: "mounts"; readonly namespace: number; readonly root: number }
  /** A layer, likewise so that what is written to it is lost. */
  | { readonly kind: "layer"; readonly layer: StorageId };

/** How the root of a session is made. */
export interface DebugRootRequest {
  /** The name by which everything of the session is known. */
  readonly session: string;
  readonly container: Container;
  readonly tools: DebugTools;
  /** Left out, there is nothing but the tools. */
  readonly target?: (DebugTarget & { readonly directory: string }) | undefined;
  /** SELinux label of what is mounted anew, or "". */
  readonly label: string;
  /** Who root of the session is on the node. */
  readonly owner: { readonly uid: number; readonly gid: number };
}

/** The root of a session, and what the runtime finds beside it. */
export interface DebugRoot {
  readonly namespace: MountNamespace;
  /** Refers to the root (O_PATH). */
  readonly root: number;
  readonly rootPath: string;
  /** The bundle of the runtime, and the directory of its state: both are seen in the namespace alone. */
  readonly bundle: string;
  readonly state: string;
  /** Writes the config.json of the bundle. */
  readonly writeSpec: (text: string) => void;
  readonly close: () => void;
}

type Storage = Pick<Store, "driver" | "layout"> & { readonly options: readonly string[] };

/** @throws KpodError UNSUPPORTED, BAD_ARGUMENT for a directory that cannot be; an error of the operating system */
export function makeDebugRoot(store: Storage, request: DebugRootRequest): DebugRoot {
  const base = baseOf(store, request.container);
  const rootPath = join(base, "root");
  const bundle = join(base, "bundle");
  const namespace = makeMountNamespace();
  try {
    const root = namespace.within(() => {
      // The layers are found before something lies over the directory of one of them.
      const layers = [request.tools, request.target].flatMap((part) =>
        part?.kind === "layer" ? [openLayer(store, part.layer)] : [],
      );
      try {
        mount({ source: request.session, target: base, type: "tmpfs", data: inMemory(request.label) });
        for (const name of ["root", "bundle", "state"]) mkdirSync(join(base, name), { mode: 0o755 });
        if (request.tools.kind === "node") mountNodeTools(request, rootPath);
        else mountLayer(store, request, layers.shift(), base, rootPath);
        const opened = openSync(rootPath, O_PATH | constants.O_DIRECTORY);
        try {
          mountTarget(store, request, layers.shift(), base, opened);
          return opened;
        } catch (error) {
          closeSync(opened);
          throw error;
        }
      } finally {
        for (const layer of layers) layer.close();
      }
    });
    return {
      ...{ namespace, root, rootPath, bundle },
      state: join(base, "state"),
      writeSpec: (text) => {
        namespace.within(() => {
          writeFileSync(join(bundle, "config.json"), text, { mode: 0o600 });
        });
      },
      close: () => {
        closeSync(root);
        namespace.close();
      },
    };
  } catch (error) {
    namespace.close();
    throw error;
  }
}

/**
 * A directory that is there and that the runtime does not need: what it holds is not seen in the namespace. Users of a user
 * namespace can pass through all above it where containers of theirs run.
 */
function baseOf({ driver, layout }: Storage, { id, layerId }: Container): string {
  if (!isStorageId(layerId) || !driver.has(layerId)) {
    throw new KpodError("CORRUPT", `the layer of container ${id} is gone`, {
      hint: "kpod doctor tells what else is at odds",
    });
  }
  const path = driver.mountPath(layerId);
  return realpathSync(layout.driver === "overlay" ? dirname(path) : path);
}

function inMemory(label: string): string {
  return ["mode=755", ...labelOptions(label)].join(",");
}

/** The directories that a layer consists of, the uppermost first. */
interface OpenLayer {
  readonly directories: readonly number[];
  readonly mode: number;
  readonly close: () => void;
}

function openLayer({ driver, layout }: Storage, layer: StorageId): OpenLayer {
  const { LowerDir, UpperDir, MergedDir } = driver.data(layer);
  const paths =
    layout.driver === "overlay"
      ? [UpperDir, ...LowerDir.split(":").filter((path) => path !== "")]
      : [MergedDir];
  const opened: number[] = [];
  const close = (): void => {
    for (const fd of opened.splice(0)) closeSync(fd);
  };
  try {
    for (const path of paths) opened.push(openSync(path, O_PATH | constants.O_DIRECTORY));
    return { directories: opened, mode: statSync(paths[0] ?? "/").mode & 0o7777, close };
  } catch (error) {
    close();
    throw error;
  }
}

function mountLayer(
  { options }: Storage,
  { session, label, owner }: DebugRootRequest,
  layer: OpenLayer | undefined,
  base: string,
  target: string,
): void {
  if (layer === undefined) return;
  try {
    const extra = readMountOptions(options);
    // One for each layer that is mounted, of which there may be two.
    const written = mkdtempSync(join(base, "written-"));
    const [upper, work] = [join(written, "upper"), join(written, "work")];
    for (const path of [upper, work]) mkdirSync(path, { mode: 0o755 });
    // The root directory shows what the uppermost layer says of it.
    chmodSync(upper, layer.mode);
    chownSync(upper, owner.uid, owner.gid);
    const data = [
      `lowerdir=${layer.directories.map((fd) => `/proc/self/fd/${fd}`).join(":")}`,
      ...[`upperdir=${upper}`, `workdir=${work}`, ...extra.data, ...labelOptions(label)],
    ].join(",");
    if (Buffer.byteLength(data) >= longestMountData) {
      throw new KpodError("UNSUPPORTED", "the image has more layers than the kernel mounts", {
        hint: "use another one",
      });
    }
    mount({ source: session, type: "overlay", target, data, flags: extra.flags & ~mountFlags.readonly });
  } finally {
    layer.close();
  }
}

/** Where the programs of a node are, and what they need. */
const programs = ["bin", "sbin", "usr", "lib", "lib32", "lib64", "libx32"];

/** What programs look up in /etc and everybody may know: the container can read it, too. */
const settings = [
  "alternatives",
  "crypto-policies",
  "ld.so.cache",
  "pki/ca-trust",
  "pki/tls/certs",
  "protocols",
  "services",
  "ssl/certs",
];

function mountNodeTools({ session, label, owner }: DebugRootRequest, root: string): void {
  mount({ source: session, target: root, type: "tmpfs", data: inMemory(label) });
  chownSync(root, owner.uid, owner.gid);
  for (const name of ["dev", "etc", "proc", "root", "run", "sys", "tmp", "var", "var/tmp"]) {
    const path = join(root, name);
    mkdirSync(path, { mode: 0o755 });
    if (name.endsWith("tmp")) chmodSync(path, 0o1777);
    chownSync(path, owner.uid, owner.gid);
  }
  for (const path of [...programs, ...settings.map((name) => `etc/${name}`)]) {
    showOfNode(`/${path}`, join(root, path));
  }
}

/** Shows a directory or file of the node, which can only be read, or the same symbolic link; what is not there is left out. */
function showOfNode(source: string, target: string): void {
  const found = lstatSync(source, { throwIfNoEntry: false });
  if (found === undefined) return;
  mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
  if (found.isSymbolicLink()) {
    symlinkSync(readlinkSync(source), target);
    return;
  }
  if (found.isDirectory()) mkdirSync(target, { mode: 0o755 });
  else writeFileSync(target, "", { mode: 0o644 });
  mount({ source, target, flags: mountFlags.bind });
  remountReadOnly(target);
}

function mountTarget(
  store: Storage,
  request: DebugRootRequest,
  layer: OpenLayer | undefined,
  base: string,
  root: number,
): void {
  const { target } = request;
  if (target === undefined) return;
  const top = `/proc/self/fd/${root}`;
  makeDirectoryInRoot(top, target.directory);
  const place = openInRoot(top, target.directory);
  try {
    if (target.kind === "mounts") {
      // Copied after all others of the namespace: runc takes for those of the node which hierarchies of cgroups it finds first.
      closing(cloneMounts(target.namespace, target.root), (mounts) => {
        attachMounts(mounts, place);
      });
      // What the container mounts later is to be seen; nothing is to be unmounted in it from here.
      const flags = mountFlags.recursive | mountFlags.slave;
      mount({ source: "none", target: `/proc/self/fd/${root}/.`, flags });
    } else mountLayer(store, request, layer, base, `/proc/self/fd/${place}`);
  } finally {
    closeSync(place);
  }
}
