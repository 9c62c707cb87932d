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
  // Reads the same store and the same cgroups, to compare with.
  "podman",
  // Checkpoints of processes, and what keeps their network still meanwhile.
  ...["criu", "iptables"],
  // The policy, and what labels the files of the disk by it.
  ...["policycoreutils", "selinux-policy-default"],
  // The seccomp profile of containers, and one of those that its package asks for.
  ...["golang-github-containers-common", "netavark"],
];

/** What has to be free before the image is made, and how large the image's file system is. */
const NEEDED_BYTES = 4 * 1024 ** 3;
const DISK_SIZE = "2G";

/** SELinux labels everything and forbids nothing: Debian's policy is not that of the nodes. */
const SELINUX = "SELINUX=permissive\nSELINUXTYPE=default\n";
const FILE_CONTEXTS = "/etc/selinux/default/contexts/files/file_contexts";

/** Debian's contexts for containers name these types, and its policy has none: no container could be labelled. */
const CONTAINER_TYPES = `(type container_t)
(roletype system_r container_t)
(typeattributeset domain (container_t))
(type container_file_t)
(roletype object_r container_file_t)
(typeattributeset file_type (container_file_t))
`;
const CONTAINER_POLICY = "/usr/share/selinux/default/kpod-containers.cil";

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

/** What is mounted is gone when it has ended, however: else the machine's /sys would be in a tree that is removed. */
const APART = ["unshare", "--mount", "--propagation", "private"];

async function makeImage(place) {
  mkdirSync(dirname(place), { recursive: true });
  requireSpace(dirname(place), NEEDED_BYTES);
  console.log(
    `  making the disk of the node, once, from ${PACKAGES.length} packages of Debian and what they need`,
  );
  const staging = mkdtempSync(join(dirname(place), ".making-"));
  try {
    const tree = join(staging, "tree");
    const include = `--include=${PACKAGES.join(",")}`;
    await must(...APART, "debootstrap", "--variant=minbase", include, SUITE, tree, MIRROR);
    configure(tree);
    await must("chroot", tree, "semodule", "-n", "-s", "default", "-i", CONTAINER_POLICY);
    // It labels files by their descriptors, whose names are in /proc.
    const label = 'mount -t proc proc "$0/proc" && exec chroot "$0" setfiles -e /proc "$1" /';
    await must(...APART, "sh", "-c", label, tree, FILE_CONTEXTS);
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

/** See node-image.d.mts. */
export function requireSpace(directory, bytes) {
  const { bavail, bsize } = statfsSync(directory);
  if (bavail * bsize >= bytes) return;
  const size = `${bytes / 1024 ** 3} GiB`;
  throw new ScriptError(`no space for the disks of the node: ${directory} needs ${size} free`);
}

function configure(tree) {
  const within = (name) => join(tree, name);
  for (const name of ["var/cache/apt/archives", "var/lib/apt/lists", "usr/share/doc", "usr/share/man"]) {
    rmSync(within(name), { recursive: true, force: true });
  }
  mkdirSync(join(tree, TESTS_MOUNT));
  writeFileSync(within("etc/hostname"), "node\n");
  writeFileSync(within("etc/fstab"), FSTAB);
  writeFileSync(within("etc/selinux/config"), SELINUX);
  writeFileSync(within(CONTAINER_POLICY), CONTAINER_TYPES);
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
  await must("mke2fs", "-q", "-t", "ext4", "-m", "0", "-d", directory, path, size);
}

async function must(program, ...args) {
  const { code, output } = await runProgram(program, args);
  if (code === 0) return;
  const lines = output.trimEnd().split("\n").slice(-10).join("\n");
  const named =
    ["debootstrap", "semodule", "setfiles"].find((name) => args.join(" ").includes(name)) ?? program;
  throw new ScriptError(`${named} failed:\n${lines}`);
}
