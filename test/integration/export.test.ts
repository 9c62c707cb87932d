import { execFileSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { silentLogger } from "../../src/lib/logger";
import type { Container } from "../../src/lib/oci/container";
import { tarLayers } from "../../src/lib/storage/tar-tree";
import type { StorageId } from "../../src/lib/names/ids";
import { KPOD } from "../helpers/kpod";
import { libc } from "../../src/lib/system/libc";
import { readAttribute } from "../../src/lib/system/extended-attributes";
import { listing } from "../helpers/listing";
import { useNode, usePod } from "../helpers/node";
import { startInPty } from "../helpers/pty";
import { testdir } from "../helpers/testdir";
import { until } from "../helpers/until";

const node = useNode();
const pod = usePod(node, "shop");

let web: Container;

const script = `
  echo x >> /etc/passwd; rm /bin/ls; mkdir -p /srv/d; echo one > /srv/d/a; ln /srv/d/a /srv/b; ln -s d/a /srv/link
  mkfifo /srv/pipe; mknod /srv/zero c 1 5; chmod 4711 /srv/d/a; : > /srv/done; sleep 1000`;

beforeAll(async () => {
  web = await node.start(pod, "web", script);
  await until("it has written", async () => (await node.ok("diff", "web")).includes("A /srv/done"));
}, 120_000);

afterAll(() => node.world.destroy());

/** What find and sha256sum tell of a tree, and what attributes its files have. */
function described(directory: string): string {
  const commands = [
    "find . -mindepth 1 -type d -printf '%p %M %U %G %Ts\\n' | sort",
    "find . -mindepth 1 ! -type d ! -type s -printf '%p %y %M %U %G %s %Ts %n %l\\n' | sed 's/ -> .*//' | sort",
    "find . -type f -print0 | sort -z | xargs -0 sha256sum",
    "find . -type b -o -type c | sort | xargs -r stat -c '%n %t %T'",
  ];
  return commands
    .map((command) =>
      execFileSync("sh", ["-ec", command], {
        cwd: directory,
        encoding: "latin1",
        env: { ...process.env, LC_ALL: "C" },
      }),
    )
    .join("--\n");
}

function unpacked(archive: string): string {
  const directory = testdir();
  const words = ["--xattrs", "--xattrs-include=*", "--numeric-owner", "--same-owner", "-pxf", archive];
  execFileSync("tar", words, { cwd: directory });
  return directory;
}

test("tar unpacks what the container's file system has, running or not", async () => {
  const { server } = await node.openServer();
  const merged = server.store.driver.mountPath(web.layerId as StorageId);
  const file = join(testdir(), "web.tar");
  expect(await node.ok("export", "-o", file, "shop/web")).toBe("");
  expect(statSync(file).mode & 0o777).toBe(0o644);
  expect(described(unpacked(file))).toBe(described(merged));
  const names = execFileSync("tar", ["-tf", file], { encoding: "utf8" }).split("\n");
  expect(names).toEqual(expect.arrayContaining(["bin/", "bin/busybox", "srv/d/a", "etc/hostname"]));
  expect(names).not.toContain("bin/ls");
  expect(names.filter((name) => name.startsWith("./") || name.startsWith("/"))).toEqual([]);
  // Nothing is mounted for it, and no count changed.
  const mounts = readFileSync(server.store.layout.mountsFile, "utf8");
  const before = described(merged);
  await node.ok("kill", "web");
  await until("it has ended", async () => (await node.ok("ps", "-q", "-f", "name=web")) === "");
  const again = join(testdir(), "again.tar");
  await node.ok("export", "--output", again, web.id);
  expect(described(unpacked(again))).toBe(before);
  expect(readFileSync(server.store.layout.mountsFile, "utf8")).toBe(mounts);
});

test("podman makes an image of it", async () => {
  const file = join(testdir(), "web.tar");
  await node.ok("export", "-o", file, "web");
  const imported = await node.world.apart.podman(["import", "--quiet", file, "localhost/found:1"]);
  expect([imported.exitCode, imported.stderr]).toEqual([0, ""]);
  await node.ok("rmi", "localhost/found:1");
});

test("to standard output, of an infra container, and by the id of a layer", async () => {
  const { stdout } = await node.kpod("export", web.layerId);
  expect(stdout.slice(257, 262)).toBe("ustar");
  for (const name of ["shop", pod.infraContainer.name]) {
    const file = join(testdir(), "infra.tar");
    await node.ok("export", "-o", file, name);
    expect(execFileSync("tar", ["-tf", file], { encoding: "utf8" })).toContain("pause\n");
  }
});

test("nothing half made, nothing to a terminal", async () => {
  const directory = testdir({ "old.tar": "old" });
  const old = join(directory, "old.tar");
  expect(await node.refusal("export", "-o", old, "nosuch")).toContain("no container or layer nosuch");
  expect(readFileSync(old, "utf8")).toBe("old");
  expect(await node.refusal("export", "-o", join(directory, "none/x.tar"), "web")).toContain("cannot write");
  expect(readdirSync(directory)).toEqual(["old.tar"]);
  symlinkSync("old.tar", join(directory, "link"));
  await node.ok("export", "-o", join(directory, "link"), "web");
  expect([readlinkSync(join(directory, "link")), statSync(old).size > 1000]).toEqual(["old.tar", true]);
  await node.ok("export", "-o", "/dev/null", "web");
  expect(await node.refusal("export", "-o", "/dev/full", "web")).toContain("no space left");
  expect((await node.kpod("export")).exitCode).toBe(2);
  expect((await node.kpod("export", "web", "shop")).exitCode).toBe(2);
  const shown = await startInPty(KPOD, ["--config", node.world.config, "export", "web"]);
  expect(await shown.ended).toBe(2);
  expect(shown.output()).toContain("refusing to write an archive to a terminal");
  expect(existsSync(join(directory, "none"))).toBe(false);
});

test("Ctrl-C leaves nothing", async () => {
  const large = await node.start(pod, "large", "truncate -s 100G /large; sleep 1000");
  await until("it is there", async () => (await node.ok("diff", "large")).includes("A /large"));
  const directory = testdir();
  const child = node.world.startKpod(["export", "-o", join(directory, "large.tar"), large.id]);
  const ended = new Promise((resolve) => child.on("close", resolve));
  await until("it writes", () => readdirSync(directory).length > 0);
  child.kill("SIGINT");
  expect(await ended).toBe(130);
  expect(readdirSync(directory)).toEqual([]);
  await node.ok("rm", "-f", "large");
});

test("a look: the store stays as it is", async () => {
  const before = listing(join(node.world.root, "overlay-layers"));
  await node.ok("export", "-o", "/dev/null", "web");
  expect(listing(join(node.world.root, "overlay-layers"))).toEqual(before);
});

async function archived(paths: readonly string[]): Promise<string> {
  const file = join(testdir(), "tree.tar");
  const chunks: Buffer[] = [];
  const owner = ({ uid, gid }: { uid: number; gid: number }) => ({ uid, gid });
  const write = (bytes: Uint8Array): void => void chunks.push(Buffer.from(bytes));
  expect(await tarLayers(paths, write, { owner, logger: silentLogger })).toBe(0);
  writeFileSync(file, Buffer.concat(chunks));
  return file;
}

test("long names, names of any bytes, large ids, capabilities, attributes, holes, times before 1970", async () => {
  const attributes: [string, Buffer][] = [
    ["security.capability", Buffer.from("0100000200200000000000000000000000000000", "hex")],
    ["user.note", Buffer.from("a=b\nc\xff", "latin1")],
  ];
  const directory = testdir();
  const long = "n".repeat(200);
  mkdirSync(join(directory, long, long), { recursive: true });
  writeFileSync(join(directory, long, long, `${long}.txt`), "deep");
  writeFileSync(join(directory, long, "x".repeat(100 - long.length > 0 ? 1 : 50)), "");
  symlinkSync(`${long}/${long}`, join(directory, "far"));
  writeFileSync(Buffer.from(`${directory}/\xff\xe9 name`, "latin1"), "bytes");
  writeFileSync(join(directory, "ünïcode"), "text");
  writeFileSync(join(directory, "capable"), "");
  execFileSync("sh", [
    "-ec",
    `cd ${directory}; chown 3000000:4000000 capable; touch -d '1960-01-02 03:04:05' far/..; touch -d @-5 capable`,
  ]);
  for (const [name, value] of attributes)
    expect(libc().lsetxattr(join(directory, "capable"), name, value, value.length, 0)).toBe(0);
  const fd = openSync(join(directory, "holes"), "w");
  ftruncateSync(fd, 3 * 1024 * 1024 + 7);
  closeSync(fd);
  const result = unpacked(await archived([directory]));
  expect(described(result)).toBe(described(directory));
  const unpackedFile = openSync(join(result, "capable"), "r");
  for (const [name, value] of attributes) expect(readAttribute(unpackedFile, name)).toEqual(value);
  closeSync(unpackedFile);
});

test("layers with metadata alone, whiteouts and opaque directories are what the kernel shows", async () => {
  const directory = testdir();
  const [one, two, upper, work, merged] = ["one", "two", "upper", "work", "merged"].map((name) => {
    mkdirSync(join(directory, name));
    return join(directory, name);
  });
  const sh = (cwd: string | undefined, text: string): void => {
    execFileSync("sh", ["-ec", text], { cwd });
  };
  sh(one, "mkdir -p d/e p; head -c 300000 /dev/urandom > d/a; ln d/a d/b; echo c > d/e/c; echo gone > gone");
  sh(two, "mkdir -p d/f; echo f > d/f/f");
  const data = `lowerdir=${two ?? ""}:${one ?? ""},upperdir=${upper ?? ""},workdir=${work ?? ""},metacopy=on,redirect_dir=on`;
  execFileSync("mount", ["-t", "overlay", "overlay", "-o", data, merged ?? ""]);
  try {
    sh(
      merged,
      "chmod 600 d/a; mv d/a d/moved; mv d/e p/e2; rm gone; rm -r d/f; mkdir d/f; echo new > d/f/new",
    );
    const file = await archived([upper ?? "", two ?? "", one ?? ""]);
    const plain = (text: string): string => text.replace(/ \d+ $/gm, "");
    expect(plain(described(unpacked(file)))).toBe(plain(described(merged ?? "")));
  } finally {
    execFileSync("umount", [merged ?? ""]);
  }
});
