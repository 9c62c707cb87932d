import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatConfig, members } from "../../../src/lib/checkpoint/format";
import { openCheckpointArchive } from "../../../src/lib/checkpoint/read-archive";
import { writeCheckpointArchive } from "../../../src/lib/checkpoint/write-archive";
import { TarWriter, type TarEntry } from "../../../src/lib/system/tar-writer";
import { failureOf } from "../../helpers/failure";
import { testdir } from "../../helpers/testdir";

const id = "a".repeat(64);
const spec = {
  ociVersion: "1.0.2",
  process: { user: { uid: 0, gid: 0 }, args: ["sleep", "1"], cwd: "/" },
  mounts: [{ destination: "/proc", type: "proc", source: "proc" }],
  linux: { namespaces: [{ type: "mount" }] },
  annotations: { "io.container.manager": "cri-o" },
};
const config = {
  ...{ id, name: "k8s_web_shop_default_uid_0", runtime: "runc" },
  ...{ rootfsImage: "busybox", rootfsImageRef: "b".repeat(64), rootfsImageName: "localhost/busybox:latest" },
  ...{ createdTime: new Date(1_000), checkpointedTime: new Date(2_000) },
};

type Member = Partial<TarEntry> & { readonly name: string; readonly text?: string };

const usual: readonly Member[] = [
  { name: members.config, text: formatConfig(config) },
  { name: members.spec, text: JSON.stringify(spec) },
  { name: "checkpoint/", type: "directory" },
  { name: "checkpoint/inventory.img", text: "images" },
];

/** An archive of these members, and those of the usual ones that none of them replaces. */
function archiveOf(...given: readonly Member[]): string {
  const path = join(testdir({}), "checkpoint.tar");
  const chunks: Buffer[] = [];
  const tar = new TarWriter((bytes) => chunks.push(Buffer.from(bytes)));
  const replaced = new Set(given.map(({ name }) => name));
  for (const { text = "", ...entry } of [...usual.filter(({ name }) => !replaced.has(name)), ...given]) {
    const bytes = Buffer.from(text);
    const common = { mode: 0o600, uid: 0, gid: 0, mtime: 0, size: bytes.length };
    tar.entry({ type: "file", ...common, ...entry });
    tar.add(bytes);
    tar.pad(bytes.length);
  }
  tar.end();
  writeFileSync(path, Buffer.concat(chunks));
  return path;
}

async function collect(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Opens an archive and unpacks it into an empty directory. */
async function unpack(path: string): Promise<{ images: string; got: Record<string, string> }> {
  const archive = await openCheckpointArchive(path);
  const images = testdir({});
  const got: Record<string, string> = {};
  try {
    await archive.unpack({
      images,
      rootDiff: async (bytes) => {
        got.rootDiff = await collect(bytes);
      },
      log: async (bytes) => {
        got.log = await collect(bytes);
      },
    });
  } finally {
    archive.close();
  }
  return { images, got };
}

async function refusalOf(path: string): Promise<string> {
  const { code, message } = await failureOf(unpack(path));
  expect(message.startsWith(`${path}: `)).toBe(true);
  return `${code} ${message.slice(path.length + 2)}`;
}

test("what is written is read, by tar as well", async () => {
  const directory = testdir({
    "checkpoint/inventory.img": "inventory",
    "checkpoint/pages-1.img": "p".repeat(2_000_000),
    "dump.log": "said",
    diff: "diff",
    log: "logged",
  });
  const path = join(testdir({}), "web.tar");
  const chunks: Buffer[] = [];
  const mount = { source: "/srv", destination: "/data", file_type: "directory" as const, permissions: 0o755 };
  await writeCheckpointArchive(
    {
      ...{ directory, config, spec: JSON.stringify(spec), bindMounts: [mount], networkStatus: { net: {} } },
      ...{ rootDiff: join(directory, "diff"), deletedFiles: ["/gone"], logPath: join(directory, "log") },
    },
    (bytes) => chunks.push(Buffer.from(bytes)),
  );
  writeFileSync(path, Buffer.concat(chunks));
  expect(execFileSync("tar", ["-tf", path], { encoding: "utf8" }).trim().split("\n")).toEqual([
    ...["config.dump", "spec.dump", "bind.mounts", "network.status", "checkpoint/"],
    ...["checkpoint/inventory.img", "checkpoint/pages-1.img", "dump.log", "rootfs-diff.tar", "deleted.files"],
    "io.kubernetes.cri-o.LogPath",
  ]);
  const archive = await openCheckpointArchive(path);
  expect(archive).toMatchObject({ config, spec, bindMounts: [mount], deletedFiles: ["/gone"] });
  archive.close();
  const { images, got } = await unpack(path);
  expect(got).toEqual({ rootDiff: "diff", log: "logged" });
  expect(readdirSync(images).sort()).toEqual(["inventory.img", "pages-1.img"]);
  expect(readFileSync(join(images, "pages-1.img")).length).toBe(2_000_000);
});

test("what no checkpoint has is passed over", async () => {
  const more = [
    { name: "./devshm-checkpoint.tar", text: "x" },
    { name: "pod.options", type: "symlink" as const, target: "/" },
  ];
  expect(readdirSync((await unpack(archiveOf(...more))).images)).toEqual(["inventory.img"]);
});

test.each<[string, readonly Member[], RegExp]>([
  [
    "a path out",
    [{ name: "checkpoint/../../escaped" }],
    /^BAD_ARGUMENT .*"checkpoint\/\.\.\/\.\.\/escaped" leads out/,
  ],
  ["an absolute path", [{ name: "/etc/escaped" }], /^BAD_ARGUMENT .*leads out of it$/],
  ["a symbolic link", [{ name: "checkpoint/x.img", type: "symlink", target: "/etc" }], /is no plain file$/],
  ["a hard link", [{ name: "checkpoint/x.img", type: "link", target: "../../x" }], /is no plain file$/],
  ["a device", [{ name: "checkpoint/x.img", type: "block", rdev: 2049 }], /is no plain file$/],
  [
    "a directory of images that is a link",
    [{ name: "checkpoint", type: "symlink", target: "/etc" }],
    /no directory$/,
  ],
  ["a directory in it", [{ name: "checkpoint/deep/x.img" }], /criu has no "checkpoint\/deep\/x.img"$/],
  [
    "a link for the log",
    [{ name: members.log, type: "symlink", target: "/etc/shadow" }],
    /is no plain file$/,
  ],
  [
    "a member twice",
    [{ name: "./config.dump", text: formatConfig(config) }],
    /"config.dump" is in it twice$/,
  ],
  ["an image twice", [{ name: "checkpoint/./inventory.img" }], /inventory.img" is in it twice$/],
  [
    "text that is no JSON",
    [{ name: members.spec, text: "{" }],
    /^CORRUPT .*its spec.dump does not hold valid JSON/,
  ],
  ["a spec that is none", [{ name: members.spec, text: "[]" }], /its spec.dump is no spec/],
  [
    "mounts that are none",
    [{ name: members.spec, text: JSON.stringify({ ...spec, mounts: [{ destination: 1 }] }) }],
    /its spec.dump is no spec/,
  ],
  [
    "a mount with options that are none",
    [
      {
        name: members.spec,
        text: JSON.stringify({ ...spec, mounts: [{ destination: "/data", options: null }] }),
      },
    ],
    /its spec.dump is no spec/,
  ],
  [
    "an id that is a path",
    [{ name: members.config, text: JSON.stringify({ ...config, id: "../../etc" }) }],
    /names no id of a container$/,
  ],
  ["a list that is none", [{ name: members.deletedFiles, text: '["/a", 1]' }], /is no list of paths$/],
  [
    "a JSON of a gigabyte",
    [{ name: members.config, text: " ".repeat(1_048_577) }],
    /^CORRUPT .*has 1048577 bytes/,
  ],
])("an archive with %s is refused", async (_, given, refusal) => {
  expect(await refusalOf(archiveOf(...given))).toMatch(refusal);
});

test("what is no archive of a checkpoint is told", async () => {
  const text = join(testdir({ file: "a text, and a long one" }), "file");
  expect(await refusalOf(text)).toMatch(/^BAD_ARGUMENT what comes is no tar archive/);
  const tree = testdir({ "rootfs/file": "x" });
  execFileSync("tar", ["-cf", "image.tar", "rootfs"], { cwd: tree });
  expect(await refusalOf(join(tree, "image.tar"))).toMatch(/there is no config.dump in it$/);
  execFileSync("gzip", ["image.tar"], { cwd: tree });
  expect(await refusalOf(join(tree, "image.tar.gz"))).toBe("BAD_ARGUMENT the archive is compressed by gzip");
  const cut = archiveOf();
  truncateSync(cut, 2_000);
  expect(await refusalOf(cut)).toMatch(/^CORRUPT .*cut off/);
  execFileSync("mkfifo", [join(tree, "pipe")]);
  expect((await failureOf(openCheckpointArchive(join(tree, "pipe")))).message).toMatch(/is a FIFO/);
  expect((await failureOf(openCheckpointArchive(join(tree, "none")))).message).toMatch(
    /cannot read .*no such file/,
  );
});

test("an image is written over nothing", async () => {
  const archive = await openCheckpointArchive(archiveOf());
  const images = testdir({});
  mkdirSync(join(images, "inventory.img"));
  const into = { images, rootDiff: () => Promise.resolve(), log: () => Promise.resolve() };
  expect((await failureOf(archive.unpack(into))).code).toBe("IO");
  archive.close();
  expect(existsSync(join(images, "inventory.img"))).toBe(true);
});
