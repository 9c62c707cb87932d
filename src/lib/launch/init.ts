import { openSync, readSync, realpathSync } from "node:fs";
import { KpodError } from "../errors";
import type { SpecMount } from "../oci/spec";
import { findExecutable } from "../system/executable";
import { closing } from "../system/files";

/** Where it lies in a container. */
const place = "/dev/init";

/** Where distributions put small inits for containers, and their names in PATH. */
const programs = [
  "/usr/libexec/podman/catatonit",
  "/usr/libexec/catatonit/catatonit",
  "catatonit",
  "tini-static",
  "docker-init",
  "tini",
];

/** A small init in front of the command of a container. */
export interface ContainerInit {
  readonly mount: SpecMount;
  /** What the container is called with, before its own command. */
  readonly args: readonly string[];
}

/**
 * Finds an init that can be mounted into a container: one that needs nothing of the node's libraries.
 * @throws KpodError NOT_FOUND without one
 */
export function findInit(): ContainerInit {
  const source = programs
    .map((name) => findExecutable(name.startsWith("/") ? name : "", name))
    .find(isStatic);
  if (source === undefined) {
    throw new KpodError(
      "NOT_FOUND",
      "the node has no init for containers, neither catatonit nor tini-static",
      {
        hint: "install catatonit",
      },
    );
  }
  return {
    mount: { destination: place, type: "bind", source: realpathSync(source), options: ["bind", "ro"] },
    args: [place, "--"],
  };
}

/** True for a program of ELF that names no loader: what such a one needs a container may not have. */
function isStatic(path: string | undefined): path is string {
  if (path === undefined) return false;
  return closing(openSync(path, "r"), (file) => {
    const head = Buffer.alloc(4096);
    const size = readSync(file, head, 0, head.length, 0);
    if (size < 64 || head.toString("latin1", 0, 4) !== "\x7fELF") return false;
    const isWide = head[4] === 2;
    const isBig = head[5] === 2;
    const half = (at: number): number => (isBig ? head.readUInt16BE(at) : head.readUInt16LE(at));
    const word = (at: number): number => (isBig ? head.readUInt32BE(at) : head.readUInt32LE(at));
    // The low half of a number of eight bytes; the table stands right behind the header.
    const table = isWide ? word(isBig ? 36 : 32) : word(28);
    const [entrySize, count] = isWide ? [half(54), half(56)] : [half(42), half(44)];
    const entries = Array.from({ length: count }, (_, index) => table + index * entrySize);
    const loader = 3;
    return entries.every((at) => at + 4 <= size && word(at) !== loader);
  });
}
