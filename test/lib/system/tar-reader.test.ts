import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readTar, type ReadTarEntry } from "../../../src/lib/system/tar-reader";
import { TarWriter } from "../../../src/lib/system/tar-writer";
import { failureOf } from "../../helpers/failure";
import { testdir } from "../../helpers/testdir";

/** The bytes in pieces of this many, as a pipe gives them. */
// eslint-disable-next-line @typescript-eslint/require-await
async function* pieces(bytes: Uint8Array, length = bytes.length): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += length) yield bytes.subarray(start, start + length);
}

type Seen = Omit<ReadTarEntry, "content"> & { readonly text: string };

async function seenIn(bytes: Uint8Array, length?: number): Promise<Seen[]> {
  const seen: Seen[] = [];
  for await (const { content, ...entry } of readTar(pieces(bytes, length))) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of content) chunks.push(chunk);
    seen.push({ ...entry, text: Buffer.concat(chunks).toString("latin1") });
  }
  return seen;
}

const long = `${"d".repeat(90)}/${"e".repeat(90)}/${"f".repeat(90)}`;

const tree = testdir({
  "top/file": { content: "content", mode: 0o4755 },
  [`top/${long}`]: "far",
  "top/link": { symlink: `/${long}` },
  "top/large": "x".repeat(100_000),
});
execFileSync("sh", ["-ec", "cd top; ln file other; mkfifo pipe; mknod null c 1 3; mknod disk b 259 70000"], {
  cwd: tree,
});

test.each(["ustar", "pax", "gnu", "oldgnu"])(
  "what GNU tar writes as %s is read, however it comes",
  async (format) => {
    const words = [
      "--numeric-owner",
      "--sort=name",
      "--owner=x:5000",
      "--group=y:6000",
      "--mtime=@1700000000",
    ];
    // ustar holds no such link.
    const without = format === "ustar" ? ["--exclude=top/link", `--exclude=top/${long}`] : [];
    const archive = execFileSync("tar", ["-c", `--format=${format}`, ...words, ...without, "top"], {
      cwd: tree,
    });
    const seen = await seenIn(archive, 700);
    const known = new Map(seen.map((entry) => [entry.name, entry]));
    expect(known.get("top/")).toMatchObject({
      type: "directory",
      uid: 5000,
      gid: 6000,
      mtime: 1_700_000_000,
    });
    expect(known.get("top/file")).toMatchObject({ type: "file", mode: 0o4755, size: 7, text: "content" });
    expect(known.get("top/other")).toMatchObject({ type: "link", target: "top/file", text: "" });
    expect(known.get("top/large")?.text).toBe("x".repeat(100_000));
    expect(known.get("top/pipe")?.type).toBe("fifo");
    expect(known.get("top/null")).toMatchObject({ type: "character", rdev: 0x103 });
    expect(known.get("top/disk")).toMatchObject({
      type: "block",
      rdev: (0x10000 << 12) | (259 << 8) | (0x1170 & 0xff) | ((70000 & 0xff00) << 12),
    });
    if (format === "ustar") return;
    expect(known.get("top/link")).toMatchObject({ type: "symlink", target: `/${long}` });
    expect(known.get(`top/${long}`)?.text).toBe("far");
    expect(await seenIn(archive)).toEqual(seen);
  },
);

test("large ids, sizes and times, attributes and names of any bytes come back as they were written", async () => {
  const chunks: Buffer[] = [];
  const writer = new TarWriter((bytes) => void chunks.push(Buffer.from(bytes)));
  const attributes: [string, Buffer][] = [["user.note", Buffer.from([0xff, 0x0a, 0x3d, 0])]];
  const common = { mode: 0o644, uid: 3_000_000_000, gid: 2_500_000_000, size: 0 };
  const entries = [
    { ...common, type: "directory", name: `\xff\xe9${long}/`, mtime: -5, attributes },
    { ...common, type: "symlink", name: "a\nb", target: "\xfe".repeat(300), mtime: 2 ** 34, attributes: [] },
  ] as const;
  for (const entry of entries) writer.entry(entry);
  writer.end();
  const seen = await seenIn(Buffer.concat(chunks));
  expect(seen).toEqual(entries.map((entry) => ({ target: "", ...entry, text: "" })));
  // GNU tar writes large numbers as bytes.
  const made = ["-c", "--format=gnu", "--owner=x:3000000", "--mtime=@-5", "top/file"];
  const [file] = await seenIn(execFileSync("tar", made, { cwd: tree }));
  expect(file).toMatchObject({ uid: 3_000_000, mtime: -5 });
});

test("entries that nobody reads are passed over, and what is behind the end is taken", async () => {
  const archive = execFileSync("tar", ["-c", "-b", "100", "--sort=name", "top"], { cwd: tree });
  const names: string[] = [];
  for await (const { name } of readTar(pieces(archive, 10_000))) names.push(name);
  expect(names).toContain("top/pipe");
});

test("what is no archive, cut off or damaged is told apart", async () => {
  const archive = execFileSync("tar", ["-c", "--format=pax", "top/large"], { cwd: tree });
  const failure = async (bytes: Uint8Array): Promise<string[]> => {
    const { code, message } = await failureOf(() => seenIn(bytes));
    return [code, message];
  };
  expect(await failure(Buffer.alloc(0))).toEqual([
    "BAD_ARGUMENT",
    "what comes is no tar archive: it is empty",
  ]);
  for (const bytes of [Buffer.from("text"), Buffer.alloc(4096, "text"), readFileSync("/bin/true")])
    expect(await failure(bytes)).toEqual(["BAD_ARGUMENT", "what comes is no tar archive"]);
  const middle = archive.subarray(0, 50_000);
  expect(await failure(middle)).toEqual(["CORRUPT", "the archive is cut off in the middle of top/large"]);
  const body = archive.lastIndexOf("x") + 1;
  const content = archive.subarray(0, body + ((512 - (body % 512)) % 512));
  expect(await failure(content)).toEqual(["CORRUPT", "the archive is cut off: its end is missing"]);
  const other = execFileSync("tar", ["-c", "top/file", "top/large"], { cwd: tree });
  other[1024 + 124] = 0x39;
  expect((await failure(other))[1]).toContain("damaged");
  const packed = join(testdir(), "packed");
  writeFileSync(packed, execFileSync("gzip", ["-c"], { input: archive }));
  expect((await failure(readFileSync(packed)))[1]).toContain("no tar archive");
  const holes = execFileSync("sh", ["-c", "truncate -s 9M h; tar -cS h; rm h"], { cwd: testdir() });
  expect((await failure(holes))[0]).toBe("UNSUPPORTED");
});
