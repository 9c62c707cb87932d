import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readArchive } from "../../../src/lib/images/archive";
import { findExecutable } from "../../../src/lib/system/executable";
import { failureOf } from "../../helpers/failure";
import { testImages } from "../../helpers/images";
import { testdir, type Tree } from "../../helpers/testdir";

const { busybox } = testImages();

/** An archive of these files, written with these words for tar. */
function archiveOf(tree: Tree, ...words: string[]): string {
  const directory = testdir(tree);
  const archive = join(testdir(), "image.tar");
  const names = words.length === 0 ? Object.keys(tree) : words;
  execFileSync("tar", ["--create", `--file=${archive}`, `--directory=${directory}`, ...names]);
  return archive;
}

/** An index.json that names images so. */
function index(...names: (string | undefined)[]): string {
  const manifests = names.map((name) => ({
    digest: `sha256:${"0".repeat(64)}`,
    ...(name === undefined ? {} : { annotations: { "org.opencontainers.image.ref.name": name } }),
  }));
  return JSON.stringify({ schemaVersion: 2, manifests });
}

test.each([
  ["an OCI layout directory", busybox.layout, "oci"],
  ["an OCI archive", busybox.ociArchive, "oci-archive"],
  ["a docker archive", busybox.dockerArchive, "docker-archive"],
])("%s tells its image", async (_, path, transport) => {
  expect(await readArchive(path)).toEqual([{ transport, selector: `:${busybox.name}`, name: busybox.name }]);
});

test("a compressed archive too, and one with dots before its names, below a path with a colon", async () => {
  const directory = testdir({ "a:b/": null });
  const path = join(directory, "a:b/image.tgz");
  writeFileSync(path, execFileSync("gzip", ["--stdout", busybox.dockerArchive], { maxBuffer: 1 << 28 }));
  expect(await readArchive(path)).toHaveLength(1);
  const dotted = archiveOf({ "index.json": index("x"), "oci-layout": "{}" }, ".");
  expect(await readArchive(dotted)).toEqual([{ transport: "oci-archive", selector: ":x", name: "x" }]);
});

test("a relative path with a colon is a file, and no host", async () => {
  const directory = testdir();
  copyFileSync(busybox.ociArchive, join(directory, "host:image.tar"));
  const before = process.cwd();
  process.chdir(directory);
  try {
    expect(await readArchive("host:image.tar")).toHaveLength(1);
  } finally {
    process.chdir(before);
  }
});

test("a docker archive of several images, with several names or none", async () => {
  const manifest = JSON.stringify([
    { Config: "a.json", RepoTags: ["a:1", "a:2"] },
    { Config: "b.json", RepoTags: null },
    { Config: "c.json" },
  ]);
  const transport = "docker-archive";
  expect(await readArchive(archiveOf({ "manifest.json": manifest }))).toEqual([
    { transport, selector: ":a:1", name: "a:1" },
    { transport, selector: ":a:2", name: "a:2" },
    { transport, selector: ":@1", name: undefined, mark: expect.stringMatching(/^[0-9a-f]{12}$/) as string },
    { transport, selector: ":@2", name: undefined, mark: expect.stringMatching(/^[0-9a-f]{12}$/) as string },
  ]);
});

test("an OCI layout of one image without a name, or of several with names", async () => {
  const transport = "oci";
  const one = testdir({ "oci-layout": "{}", "index.json": index(undefined) });
  expect(await readArchive(one)).toEqual([
    { transport, selector: "", name: undefined, mark: "000000000000" },
  ]);
  const two = testdir({ "oci-layout": "{}", "index.json": index("a", "b") });
  expect((await readArchive(two)).map(({ selector }) => selector)).toEqual([":a", ":b"]);
});

test("of several in an OCI layout those without a name bring their entry of the index", async () => {
  const mixed = testdir({ "oci-layout": "{}", "index.json": index("a", undefined) });
  const [named, unnamed] = await readArchive(mixed);
  expect(named).toEqual({ transport: "oci", selector: ":a", name: "a" });
  expect(unnamed?.entry).toEqual({ digest: `sha256:${"0".repeat(64)}` });
});

test.each<[string, () => string, string]>([
  ["a text", () => join(testdir({ "file.tar": "not an archive\n".repeat(100) }), "file.tar"), "tar"],
  [
    "an empty archive",
    () => archiveOf({ "x/": null }, "--files-from=/dev/null"),
    "neither manifest.json nor index.json",
  ],
  [
    "an archive of other things",
    () => archiveOf({ "etc/passwd": "" }),
    "neither manifest.json nor index.json",
  ],
  ["a directory of other things", () => testdir({ "etc/passwd": "" }), "no oci-layout file"],
  [
    "a layout without an index",
    () => testdir({ "oci-layout": "{}" }),
    "neither manifest.json nor index.json",
  ],
  ["a layout without images", () => testdir({ "oci-layout": "{}", "index.json": index() }), "names no image"],
  ["a manifest that is no list", () => archiveOf({ "manifest.json": "{}" }), "not a list"],
])("%s is no archive of images, and is told with the cause", async (_, make, cause) => {
  const path = make();
  const error = await failureOf(readArchive(path));
  expect(error.code).toBe("BAD_ARGUMENT");
  expect(error.message).toContain(`${path} is not an image archive: `);
  expect(error.message).toContain(cause);
  expect(error.message).not.toContain("\n");
});

test("a manifest that is no JSON is named", async () => {
  const path = archiveOf({ "manifest.json": "[" });
  const error = await failureOf(readArchive(path));
  expect(error.code).toBe("CORRUPT");
  expect(error.message).toContain(`manifest.json of ${path}`);
});

test("a file that is not there is NOT_FOUND", async () => {
  const error = await failureOf(readArchive("/nowhere/image.tar"));
  expect([error.code, error.message]).toEqual([
    "NOT_FOUND",
    "cannot load /nowhere/image.tar: no such file or directory",
  ]);
});

test("an archive that was cut off is told", async () => {
  const path = join(testdir(), "image.tar");
  writeFileSync(path, readFileSync(busybox.dockerArchive).subarray(0, 300));
  expect((await failureOf(readArchive(path))).code).toBe("BAD_ARGUMENT");
});

test("where tar would speak another language", async () => {
  const tar = findExecutable("", "tar") ?? "tar";
  const foreign = 'echo "tar: Nicht im Archiv gefunden" >&2; exit 2';
  const script = `#!/bin/sh\n[ "$LC_ALL" = C ] || { ${foreign}; }\nexec ${tar} "$@"\n`;
  const { PATH } = process.env;
  process.env.PATH = testdir({ tar: { content: script, mode: 0o755 } });
  try {
    expect(await readArchive(busybox.ociArchive)).toHaveLength(1);
  } finally {
    process.env.PATH = PATH;
  }
});
