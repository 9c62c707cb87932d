// The disk of the machine that `npm run test:node` boots: Debian with systemd, a kernel and what drives containers. It
// is made once, and anew when the list of packages or this file changes.
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ScriptError, runProgram } from "./run.mjs";

const SUITE = "bookworm";
const MIRROR = "http://deb.debian.org/debian";
const PACKAGES = [
  ...["systemd", "systemd-sysv", "dbus", "udev", "linux-image-cloud-amd64", "initramfs-tools"],
  ...["runc", "crun", "conmon", "mount", "procps"],
  // The seccomp profile of containers, and one of those that its package asks for.
  ...["golang-github-containers-common", "netavark"],
];

/** What is free on the disk before the image is made, and how large the image's file system is. */
const NEEDED_BYTES = 4 * 1024 ** 3;
const DISK_SIZE = "2G";

/** Where the machine has the disk with kpod and its tests. */
export const TESTS_MOUNT = "/kpod-test";

/** They have nothing to do in a machine that lives for minutes, and take its emulated processor. */
const MASKED = [
  ...["apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer"],
  ...["e2scrub_reap.service", "fstrim.timer", "getty@tty1.service", "serial-getty@ttyS0.service"],
];

const FSTAB = `/dev/vda / ext4 defaults 0 0\n/dev/vdb ${TESTS_MOUNT} ext4 defaults 0 0\n`;

const UNIT = `[Unit]
Description=Tests of kpod
RequiresMountsFor=${TESTS_MOUNT}
SuccessAction=poweroff
FailureAction=poweroff

[Service]
Type=oneshot
Environment=HOME=/root
ExecStart=/bin/sh ${TESTS_MOUNT}/run
TimeoutStartSec=infinity

[Install]
WantedBy=multi-user.target
`;

function cacheKey() {
  const hash = createHash("sha256").update(readFileSync(fileURLToPath(import.meta.url)));
  return hash.digest("hex").slice(0, 16);
}

/** See node-image.d.mts. */
export async function nodeImage(root) {
  const cache = join(root, "node_modules/.cache/kpod-node");
  const place = join(cache, cacheKey());
  if (!existsSync(place)) await makeImage(place);
  for (const name of readdirSync(cache)) {
    if (join(cache, name) !== place) rmSync(join(cache, name), { recursive: true, force: true });
  }
  return { disk: join(place, "disk"), kernel: join(place, "vmlinuz"), initrd: join(place, "initrd.img") };
}

async function makeImage(place) {
  mkdirSync(dirname(place), { recursive: true });
  requireSpace(dirname(place));
  console.log(
    `  making the disk of the node, once, from ${PACKAGES.length} packages of Debian and what they need`,
  );
  const staging = mkdtempSync(join(dirname(place), ".making-"));
  try {
    const tree = join(staging, "tree");
    const include = `--include=${PACKAGES.join(",")}`;
    // What it mounts is gone when it has ended, however: else the machine's /sys would be in a tree that is removed.
    const apart = ["--mount", "--propagation", "private"];
    await must("unshare", [...apart, "debootstrap", "--variant=minbase", include, SUITE, tree, MIRROR]);
    configure(tree);
    const boot = join(tree, "boot");
    for (const [name, wanted] of [
      ["vmlinuz", /^vmlinuz-/],
      ["initrd.img", /^initrd\.img-/],
    ]) {
      copyFileSync(
        join(
          boot,
          readdirSync(boot).find((file) => wanted.test(file)),
        ),
        join(staging, name),
      );
    }
    await makeDisk(tree, join(staging, "disk"), DISK_SIZE);
    rmSync(tree, { recursive: true, force: true });
    renameSync(staging, place);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

function requireSpace(directory) {
  const { bavail, bsize } = statfsSync(directory);
  if (bavail * bsize < NEEDED_BYTES)
    throw new ScriptError(`no space for the disk of the node: ${directory} needs 4 GB free`);
}

function configure(tree) {
  const within = (name) => join(tree, name);
  for (const name of ["var/cache/apt/archives", "var/lib/apt/lists", "usr/share/doc", "usr/share/man"]) {
    rmSync(within(name), { recursive: true, force: true });
  }
  mkdirSync(join(tree, TESTS_MOUNT));
  writeFileSync(within("etc/hostname"), "node\n");
  writeFileSync(within("etc/fstab"), FSTAB);
  const units = within("etc/systemd/system");
  writeFileSync(join(units, "kpod-test.service"), UNIT);
  mkdirSync(join(units, "multi-user.target.wants"), { recursive: true });
  symlinkSync("../kpod-test.service", join(units, "multi-user.target.wants/kpod-test.service"));
  for (const unit of MASKED) {
    rmSync(join(units, unit), { force: true });
    symlinkSync("/dev/null", join(units, unit));
  }
}

/** Makes a file that holds an ext4 file system with a copy of a directory. */
export async function makeDisk(directory, path, size) {
  await must("mke2fs", ["-q", "-t", "ext4", "-m", "0", "-d", directory, path, size]);
}

async function must(program, args) {
  const { code, output } = await runProgram(program, args);
  if (code === 0) return;
  const lines = output.trimEnd().split("\n").slice(-10).join("\n");
  throw new ScriptError(`${args.includes("debootstrap") ? "debootstrap" : program} failed:\n${lines}`);
}
