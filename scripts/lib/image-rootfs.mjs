// The file trees that become image layers: busybox with its applets, and the pod's pause program.
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const DIRECTORIES = [
  ["bin", 0o755],
  ["dev", 0o755],
  ["etc", 0o755],
  ["proc", 0o755],
  ["root", 0o700],
  ["run", 0o755],
  ["sys", 0o755],
  ["tmp", 0o1777],
  ["var", 0o755],
];

const PASSWD = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n";
const GROUP = "root:x:0:\nnogroup:x:65534:\n";

// Ends at once on TERM and takes the sleep with it, since without a pid namespace nobody else would. As pid 1
// the shell inherits orphans, and its wait reaps whatever ends.
const PAUSE = `#!/bin/sh
trap 'kill $! 2>/dev/null; exit 0' TERM INT
while :; do
  sleep 2147483647 &
  wait $!
done
`;

/** Names of the files that busybox-static of Debian and others installs. */
export const BUSYBOX_PATHS = ["/bin/busybox", "/usr/bin/busybox"];

/** The busybox on this machine; throws when there is none. */
export function findBusybox() {
  const found = BUSYBOX_PATHS.find((path) => existsSync(path));
  if (found === undefined) {
    throw new Error(`no busybox at ${BUSYBOX_PATHS.join(" or ")}: install busybox-static`);
  }
  return found;
}

function writeWithMode(path, content, mode) {
  writeFileSync(path, content);
  chmodSync(path, mode);
}

/** Fills an empty directory with a small system: /bin/busybox, a link for each applet, /etc, /tmp and so on. */
export function makeBusyboxRootfs(directory, busybox = findBusybox()) {
  for (const [name, mode] of DIRECTORIES) {
    mkdirSync(join(directory, name));
    // mkdir takes the umask off, and the layer must come out the same under any.
    chmodSync(join(directory, name), mode);
  }
  copyFileSync(busybox, join(directory, "bin/busybox"));
  chmodSync(join(directory, "bin/busybox"), 0o755);
  const applets = execFileSync(busybox, ["--list"], { encoding: "utf8" }).trim().split("\n");
  for (const applet of applets) {
    if (applet !== "busybox") symlinkSync("busybox", join(directory, "bin", applet));
  }
  writeWithMode(join(directory, "etc/passwd"), PASSWD, 0o644);
  writeWithMode(join(directory, "etc/group"), GROUP, 0o644);
}

/** Fills an empty directory with /pause, to lie over the tree of busybox. */
export function makePauseRootfs(directory) {
  writeWithMode(join(directory, "pause"), PAUSE, 0o755);
}
