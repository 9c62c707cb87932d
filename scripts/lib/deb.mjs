// Makes a Debian package of the executable, with everything where Debian keeps it (Debian Policy).
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { engineLicence, thirdPartyText } from "./licenses.mjs";
import { ScriptError, runProgram } from "./run.mjs";
import { buildSingle } from "./single.mjs";

/** Node's names of architectures where Debian's are others. */
const ARCHITECTURES = { x64: "amd64", arm: "armhf", ia32: "i386", ppc64: "ppc64el" };

const COMPLETIONS = {
  "completions/kpod.bash": "usr/share/bash-completion/completions/kpod",
  "completions/_kpod": "usr/share/zsh/vendor-completions/_kpod",
  "completions/kpod.fish": "usr/share/fish/vendor_completions.d/kpod.fish",
};

/** See deb.d.mts. */
export function debName(version) {
  return `kpod_${version}_${debArchitecture()}.deb`;
}

function debArchitecture() {
  return ARCHITECTURES[process.arch] ?? process.arch;
}

/** See deb.d.mts. */
export async function buildDeb(root, path) {
  const tree = join(dirname(path), `.deb.${process.pid}`);
  try {
    await buildSingle(root, join(tree, "usr/bin/kpod"));
    for (const [name, content] of dataFiles(root)) write(tree, name, content);
    write(tree, "usr/share/doc/kpod/copyright", await copyright(root));
    const installed = filesBelow(tree);
    write(tree, "DEBIAN/md5sums", installed.map((name) => `${md5(join(tree, name))}  ${name}\n`).join(""));
    write(tree, "DEBIAN/control", control(root, tree, installed));
    // gzip, which every dpkg reads, and which takes a tenth of the time of xz. Its highest level, which dpkg-deb would take,
    // is twice as slow for a file that is three thousandths smaller.
    const args = ["--root-owner-group", "-Zgzip", "-z6", "--build", tree, path];
    const { code, output } = await runProgram("dpkg-deb", args);
    if (code !== 0) throw new ScriptError(`dpkg-deb failed:\n${output.trimEnd()}`);
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

function dataFiles(root) {
  const read = (name) => readFileSync(join(root, name));
  const zipped = (name) => gzipSync(read(name), { level: 9 });
  const { man } = JSON.parse(read("package.json"));
  return [
    ...man.map((page) => [`usr/share/man/man${page.at(-1)}/${basename(page)}.gz`, zipped(page)]),
    ...Object.entries(COMPLETIONS).map(([from, to]) => [to, read(from)]),
    ...readdirSync(join(root, "schemas")).map((name) => [
      `usr/share/kpod/schemas/${name}`,
      read(join("schemas", name)),
    ]),
    ["usr/share/doc/kpod/changelog.gz", zipped("CHANGELOG.md")],
  ];
}

async function copyright(root) {
  const own = readFileSync(join(root, "LICENSE"), "utf8");
  return [own, await thirdPartyText(root), engineLicence(root)].join("\n");
}

function write(tree, name, content) {
  const path = join(tree, name);
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  writeFileSync(path, content);
  chmodSync(path, 0o644);
}

/** All files below a directory, by their paths in it. */
function filesBelow(tree) {
  const entries = readdirSync(tree, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(tree.length + 1))
    .sort();
}

function md5(path) {
  return createHash("md5").update(readFileSync(path)).digest("hex");
}

function control(root, tree, installed) {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const bytes = installed.reduce((sum, name) => sum + statSync(join(tree, name)).size, 0);
  return `Package: kpod
Version: ${version}
Architecture: ${debArchitecture()}
Maintainer: kpod developers <kpod@localhost>
Installed-Size: ${Math.ceil(bytes / 1024)}
Depends: libc6 (>= 2.17)
Recommends: runc | crun, conmon
Suggests: skopeo
Section: admin
Priority: optional
Description: daemonless command line for the pods and containers of CRI-O
 kpod looks after the pods and containers of a CRI-O node without any daemon.
 It reads the store of containers/storage under its file locks and asks the
 runtimes themselves, so that it shows what runs and why something ended while
 CRI-O or the kubelet hang or are dead, and clears what is half gone.
`;
}
