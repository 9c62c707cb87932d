// An image of the executable, for pods that look after a node: kpod with the C library it needs, busybox for a shell
// to work in, and `kpod-on-node`, which runs kpod in the node's own namespaces.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { makeLayeredImage } from "./image.mjs";

/**
 * In a pod with the node's processes it goes to where the first of them is, and takes kpod along as an open file: nothing
 * is written to the node. Busybox knows no namespace of cgroups; the node's own nsenter, where it has one, does.
 */
const ON_NODE = `#!/bin/sh
exec 3</usr/local/bin/kpod
exec nsenter -t 1 -m -u -i -n -F -- /bin/sh -c '
  if command -v nsenter >/dev/null; then exec nsenter -t 1 -C -- /proc/self/fd/3 "$@"; fi
  exec /proc/self/fd/3 "$@"
' kpod-on-node "$@"
`;

/** The files of the C library that a program loads, by the paths at which it looks for them. */
export function loadedLibraries(program) {
  const lines = execFileSync("ldd", [program], { encoding: "utf8" }).split("\n");
  return lines.flatMap((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}

function put(rootfs, from, to, mode) {
  const target = join(rootfs, to);
  mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
  copyFileSync(from, target);
  chmodSync(target, mode);
}

function fill(rootfs, executable, licences) {
  put(rootfs, executable, "/usr/local/bin/kpod", 0o755);
  for (const library of loadedLibraries(executable)) put(rootfs, realpathSync(library), library, 0o755);
  writeFileSync(join(rootfs, "usr/local/bin/kpod-on-node"), ON_NODE);
  chmodSync(join(rootfs, "usr/local/bin/kpod-on-node"), 0o755);
  mkdirSync(join(rootfs, "usr/share/doc/kpod"), { recursive: true, mode: 0o755 });
  writeFileSync(join(rootfs, "usr/share/doc/kpod/THIRD-PARTY.txt"), licences);
  for (const name of ["libc6", "busybox-static"]) {
    const text = join("/usr/share/doc", name, "copyright");
    if (existsSync(text)) put(rootfs, text, text, 0o644);
  }
}

/** See kpod-image.d.mts. */
export function makeKpodImage(directory, { root, executable, licences, busybox }) {
  const { version, description, license } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return makeLayeredImage(directory, {
    name: `localhost/kpod:${version}`,
    busybox,
    layers: [{ comment: "kpod and what it loads", fill: (rootfs) => fill(rootfs, executable, licences) }],
    config: {
      Cmd: ["sh"],
      Labels: {
        "org.opencontainers.image.title": "kpod",
        "org.opencontainers.image.description": description,
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.licenses": license,
      },
    },
  });
}
