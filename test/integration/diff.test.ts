import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileChanges } from "../../src/lib/storage/change-runs";
import { compareLayers } from "../../src/lib/storage/compare-layers";
import type { Container } from "../../src/lib/oci/container";
import { listing } from "../helpers/listing";
import { useNode, usePod } from "../helpers/node";
import { succeeded } from "../helpers/process";
import { expectToFit } from "../helpers/schemas";
import { testdir } from "../helpers/testdir";
import { until } from "../helpers/until";

const node = useNode();
const pod = usePod(node, "shop");

const script = `
  echo x >> /etc/passwd; mkdir -p /opt/a/b; echo y > /opt/a/b/new; rm /bin/ls
  rm -r /home; mkdir /home; touch /home/only; ln -s passwd /etc/link; touch "$(printf '/tmp/a\\033b')"
  sleep 1000`;

let web: Container;

beforeAll(async () => {
  web = await node.start(pod, "web", script);
  await until("it has written", async () => (await lines("web")).some((line) => line.includes("/tmp/a")));
}, 120_000);

afterAll(() => node.world.destroy());

async function lines(...args: string[]): Promise<string[]> {
  return (await node.ok("diff", ...args)).split("\n").slice(0, -1);
}

/** What containers-storage tells of a layer; of directories it tells fewer. */
async function theirs(layer: string, base?: string): Promise<string[]> {
  const words = ["changes", "--json", layer, ...(base === undefined ? [] : [base])];
  const { stdout } = succeeded(await node.world.apart.containersStorage(words), "containers-storage");
  const kinds = ["C", "A", "D"];
  const listed = JSON.parse(stdout) as { Path: string; Kind: number }[];
  return listed.map(({ Path, Kind }) => `${kinds[Kind] ?? "?"} ${Path}`).sort();
}

test("letters, parents of changes, and names that would reach the terminal", async () => {
  const shown = await lines("shop/web");
  expect(shown).toEqual([...shown].sort((a, b) => (a.slice(2) < b.slice(2) ? -1 : 1)));
  expect(shown).toEqual(
    expect.arrayContaining([
      "C /bin",
      "D /bin/ls",
      "C /etc",
      "C /etc/passwd",
      "A /etc/link",
      "A /opt/a/b/new",
      "A /home/only",
    ]),
  );
  expect(shown.join("\n")).not.toContain("\u001b");
  for (const name of ["web", web.id, web.id.slice(0, 8), web.name, web.layerId]) {
    expect(await lines(name)).toEqual(shown);
  }
});

test("containers-storage tells the same of container, image and layer", async () => {
  const layer = web.layerId;
  const ours = (await lines("web")).filter((line) => !line.includes("\\"));
  const found = (await theirs(layer)).filter((line) => !line.includes("\u001b"));
  expect(ours).toEqual(expect.arrayContaining(found));
  // Theirs leaves directories out in which only others changed.
  expect(ours.filter((line) => !found.includes(line) && !line.startsWith("C "))).toEqual([]);
  const busybox = await lines("busybox");
  expect(busybox.every((line) => line.startsWith("A /"))).toBe(true);
  expect(busybox).toContain("A /bin/busybox");
});

test("JSON has the keys of kpod 1.0.0, none that would be empty", async () => {
  const changes = JSON.parse(await node.ok("diff", "--format", "json", "web")) as Record<string, string[]>;
  expectToFit("diff", changes);
  expect(Object.keys(changes)).toEqual(["changed", "added", "deleted"]);
  expect(changes.deleted).toContain("/bin/ls");
  expect(await node.ok("diff", "--format", "json", "web", "web")).toBe("{}\n");
});

test("two containers: what the second has over the first", async () => {
  await node.start(pod, "other", "mkdir /opt; echo z > /opt/other; sleep 1000");
  await until("it has written", async () => (await lines("other")).includes("A /opt/other"));
  expect(await lines("web", "other")).toEqual(
    expect.arrayContaining([
      "A /opt/other",
      "D /opt/a",
      "A /bin/ls",
      "C /etc/passwd",
      "D /etc/link",
      "D /home",
    ]),
  );
  expect(await lines("other", "web")).toEqual(
    expect.arrayContaining(["D /opt/other", "A /opt/a/b/new", "D /bin/ls", "A /etc/link", "A /home/only"]),
  );
  const overImage = await lines("busybox", "other");
  expect(overImage).toContain("A /opt/other");
});

test("a look: nothing is written, and what there is not is said", async () => {
  const before = listing(join(node.world.root, "overlay-layers"));
  await lines("web");
  expect(listing(join(node.world.root, "overlay-layers"))).toEqual(before);
  expect(await node.refusal("diff", "nosuch")).toContain("no container, image or layer nosuch");
  expect((await node.kpod("diff")).exitCode).toBe(2);
  expect((await node.kpod("diff", "a", "b", "c")).exitCode).toBe(2);
  expect((await node.kpod("diff", "--format", "yaml", "web")).exitCode).toBe(2);
});

/** Lays directories over each other as the node's store would, and does something in them. */
function overlaid(prepare: string, change: string, options = ""): { lower: string; upper: string } {
  const directory = mkdtempSync(join(testdir(), "overlay-"));
  const [lower, upper, work, merged] = ["lower", "upper", "work", "merged"].map((name) => {
    mkdirSync(join(directory, name));
    return join(directory, name);
  });
  execFileSync("sh", ["-ec", prepare], { cwd: lower });
  const data = `lowerdir=${lower ?? ""},upperdir=${upper ?? ""},workdir=${work ?? ""}${options}`;
  execFileSync("mount", ["-t", "overlay", "overlay", "-o", data, merged ?? ""]);
  try {
    execFileSync("sh", ["-ec", change], { cwd: merged });
  } finally {
    execFileSync("umount", [merged ?? ""]);
  }
  return { lower: lower ?? "", upper: upper ?? "" };
}

async function told({ lower, upper }: { lower: string; upper: string }): Promise<string[]> {
  const changes = fileChanges(await compareLayers([lower], [upper, lower]));
  return changes.map(({ kind, path }) => `${kind} ${path}`);
}

test("a directory that was removed and made anew lacks what it had", async () => {
  const layers = overlaid("mkdir -p d/e; touch d/a d/b d/e/c", "rm -r d; mkdir d; touch d/b d/n");
  expect(await told(layers)).toEqual([
    "changed /d",
    "deleted /d/a",
    "changed /d/b",
    "deleted /d/e",
    "added /d/n",
  ]);
});

test("only metadata was copied, and a directory was renamed", async () => {
  const options = ",metacopy=on,redirect_dir=on";
  const layers = overlaid(
    "mkdir -p d/e p; dd if=/dev/zero of=d/a bs=1k count=64 2>/dev/null; touch d/e/c",
    "chmod 600 d/a; mv d/e p/f; touch p/f/new",
    options,
  );
  expect(await told(layers)).toEqual([
    "changed /d",
    "changed /d/a",
    "deleted /d/e",
    "changed /p",
    "added /p/f",
    "added /p/f/c",
    "added /p/f/new",
  ]);
});

test("a directory that was moved into a new one brings what it had", async () => {
  const layers = overlaid(
    "mkdir -p d/e; touch d/a d/e/c",
    "mkdir -p n/o; mv d n/o/m; touch n/o/m/new; ln -s o n/l; mkfifo n/p",
    ",redirect_dir=on",
  );
  // What a layer may hold that others have made, where it hides nothing.
  execFileSync("mknod", [join(layers.upper, "n/gone"), "c", "0", "0"]);
  expect(await told(layers)).toEqual([
    "deleted /d",
    "added /n",
    "added /n/l",
    "added /n/o",
    "added /n/o/m",
    "added /n/o/m/a",
    "added /n/o/m/e",
    "added /n/o/m/e/c",
    "added /n/o/m/new",
    "added /n/p",
  ]);
});

test("names of any bytes, a file in the place of a directory, and the other way round", async () => {
  const layers = overlaid("mkdir d; touch d/x f", "rm -r d; echo 1 > d; rm f; mkdir f; touch f/y");
  expect(await told(layers)).toEqual(["changed /d", "changed /f", "added /f/y"]);
  const lower = testdir();
  const upper = testdir();
  writeFileSync(Buffer.from(`${upper}/\xff\xfe`, "latin1"), "");
  mkdirSync(Buffer.from(`${upper}/d/\xff`, "latin1"), { recursive: true });
  for (const name of ["d-", "d/a\nb", "d/\u00e4", "d/\xff/c"])
    writeFileSync(Buffer.from(`${upper}/${name}`, name.includes("\xff") ? "latin1" : "utf8"), "");
  expect(await told({ lower, upper })).toEqual([
    "added /d",
    "added /d-",
    "added /d/a\nb",
    "added /d/\u00e4",
    "added /d/\ufffd",
    "added /d/\ufffd/c",
    "added /\ufffd\ufffd",
  ]);
});
