// What kpod's demo and tests need of the system, and which Debian package brings it.
import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { Buffer } from "node:buffer";
import { BUSYBOX_PATHS } from "./image-rootfs.mjs";
import { findProgram } from "./layout.mjs";

const PT_INTERP = 3;

/** Whether an ELF file needs no dynamic loader, as one must that is alone in an image. */
export function isStaticProgram(path) {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(4096);
    const length = readSync(file, bytes, 0, bytes.length, 0);
    if (length < 64 || bytes.readUInt32BE(0) !== 0x7f454c46) return false;
    const wide = bytes[4] === 2;
    const little = bytes[5] === 1;
    const u16 = (at) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
    const u32 = (at) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
    const headers = wide ? 64 : 52;
    const size = u16(wide ? 54 : 42);
    const count = u16(wide ? 56 : 44);
    for (let at = headers; at < headers + size * count && at + 4 <= length; at += size) {
      if (u32(at) === PT_INTERP) return false;
    }
    return true;
  } finally {
    closeSync(file);
  }
}

function program(name, why, { packageName = name, purposes }) {
  return { what: name, packageName, why, purposes, isThere: (path) => findProgram(name, path) !== undefined };
}

const ALWAYS = { purposes: ["demo", "tests", "node"] };
const TESTS = { purposes: ["tests"] };
const NODE = { purposes: ["node"] };

export const REQUIREMENTS = [
  program("runc", "the runtime that starts the containers", ALWAYS),
  program("conmon", "watches a container and writes its log and exit code", ALWAYS),
  {
    what: "/bin/busybox",
    packageName: "busybox-static",
    why: "the content of the images, for no registry is asked",
    ...ALWAYS,
    isThere: () => BUSYBOX_PATHS.some((path) => existsSync(path) && isStaticProgram(path)),
  },
  program("skopeo", "`kpod load` and `kpod pull` bring images with it", ALWAYS),
  {
    what: "/etc/containers/policy.json",
    packageName: "golang-github-containers-common",
    why: "skopeo accepts no image without a policy",
    ...ALWAYS,
    isThere: () => existsSync("/etc/containers/policy.json"),
  },
  program("umount", "takes down what the containers had mounted", { ...ALWAYS, packageName: "mount" }),
  program("crun", "the other runtime that kpod has to work with", TESTS),
  program("criu", "checkpoints containers where the kernel is one that it knows", TESTS),
  program("catatonit", "the first process of containers that are run with --init", TESTS),
  program("podman", "reads the same store, to compare with", TESTS),
  program("containers-storage", "reads and locks the same store, to compare with", TESTS),
  program("docker-registry", "a registry to pull from and to push to", TESTS),
  program("openssl", "makes the certificate of that registry", TESTS),
  program("xz", "packs an image archive that kpod has to unpack", { ...TESTS, packageName: "xz-utils" }),
  program("jq", "reads kpod's JSON as a script would", TESTS),
  program("strace", "tells which files a call of kpod opens, and which processes it starts", TESTS),
  {
    what: "the plugins of CNI",
    packageName: "containernetworking-plugins",
    why: "the networks of pods",
    ...TESTS,
    isThere: () => existsSync("/usr/lib/cni/bridge"),
  },
  program("ip", "looks at those networks", { ...TESTS, packageName: "iproute2" }),
  program("iptables", "the plugins call it", TESTS),
  program("nft", "others of them call it", { ...TESTS, packageName: "nftables" }),
  program("sshd", "another node, on the loopback", { ...TESTS, packageName: "openssh-server" }),
  program("ssh", "goes there", { ...TESTS, packageName: "openssh-client" }),
  program("kubectl", "finds the nodes of pods", { ...TESTS, packageName: "kubernetes-client" }),
  program("ansible-playbook", "plays on nodes", { ...TESTS, packageName: "ansible-core" }),
  program("mandoc", "finds what is wrong with the manual pages", TESTS),
  program("dpkg-deb", "makes and installs kpod's Debian package", { ...TESTS, packageName: "dpkg" }),
  program("bash", "completes kpod's command lines", TESTS),
  program("zsh", "completes kpod's command lines", TESTS),
  program("fish", "completes kpod's command lines", TESTS),
  program("qemu-system-x86_64", "the machine of `npm run test:node`", {
    ...NODE,
    packageName: "qemu-system-x86",
  }),
  program("debootstrap", "fills the disk of that machine", NODE),
  program("mke2fs", "makes its disks", { ...NODE, packageName: "e2fsprogs" }),
  program("debugfs", "reads from them what the tests tell", { ...NODE, packageName: "e2fsprogs" }),
];

/** What is missing for "demo", "tests" or "node". `path` stands in for PATH. */
export function missingRequirements(purpose, requirements = REQUIREMENTS, path = process.env.PATH) {
  return requirements.filter(({ purposes, isThere }) => purposes.includes(purpose) && !isThere(path));
}
