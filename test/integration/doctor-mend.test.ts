import {
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Journal, readJournals } from "../../src/lib/doctor/mend/journal";
import { mount, mountFlags, remountReadOnly, unmount } from "../../src/lib/system/mount";
import type { Container } from "../../src/lib/oci/container";
import type { StorageId } from "../../src/lib/names/ids";
import { examined, expectSound } from "../helpers/doctor";
import { killedAt } from "../helpers/killed";
import { contentsOf, useNode, usePod } from "../helpers/node";

const node = useNode();
const pod = usePod(node, "shop");
let web: Container;

beforeAll(async () => {
  web = await node.start(pod, "web", "sleep 1000");
}, 120_000);

const inRoot = (...names: string[]): string => join(node.world.root, ...names);
const layersFile = (): string => inRoot("overlay-layers/layers.json");

interface LayerRecord {
  id: string;
  parent?: string;
}

function layers(): LayerRecord[] {
  return JSON.parse(readFileSync(layersFile(), "utf8")) as LayerRecord[];
}

function imageLayer(): string {
  return layers().find(({ id }) => id === web.layerId)?.parent ?? "";
}

/** Loses a link, a link file, and a record of a layer. */
function harm(): void {
  const link = readFileSync(inRoot("overlay", web.layerId, "link"), "utf8");
  rmSync(inRoot("overlay/l", link));
  writeFileSync(inRoot("overlay", imageLayer(), "link"), "");
  writeFileSync(layersFile(), JSON.stringify(layers().filter(({ id }) => id !== web.layerId)));
}

test("shows a plan, mends all of it, and undoes it", async () => {
  const sound = contentsOf(node.world);
  harm();
  const harmed = contentsOf(node.world);
  const { findings } = await examined(node);
  expect(findings.map(({ id }) => id).sort()).toEqual(["storage.layer-unknown", "storage.link-lost"]);

  const planned = await node.ok("doctor", "--mend", "--quick", "--dry-run");
  for (const { finding } of findings) expect(planned).toContain(finding);
  expect(contentsOf(node.world)).toEqual(harmed);
  expect(await node.kpod("doctor", "--mend")).toMatchObject({ exitCode: 2, stdout: "" });

  const done = (await node.ok("doctor", "--mend", "--quick", "--yes")).trim().split("\n");
  expect(done).toEqual(expect.arrayContaining(findings.map(({ finding }) => finding)));
  await expectSound(node);
  // Paths, links and mounts are as they were; the record was made anew from the directory.
  const paths = (lines: readonly string[]): string[] => lines.filter((line) => !line.startsWith("["));
  expect(paths(contentsOf(node.world))).toEqual(paths(sound));
  const history = await node.ok("doctor", "history");
  for (const finding of done) expect(history).toMatch(new RegExp(`${finding} +mended`));

  expect(await node.ok("doctor", "undo", "--yes")).toBe(`${[...done].reverse().join("\n")}\n`);
  expect(contentsOf(node.world)).toEqual(harmed);
  expect((await examined(node)).findings.map(({ finding }) => finding)).toEqual(
    findings.map(({ finding }) => finding),
  );
  expect(await node.refusal("doctor", "undo", "--yes")).toMatch(/^there is no mending to undo/);

  // By its name alone.
  const [first] = findings;
  expect(await node.ok("doctor", "--mend", "--quick", "--yes", first?.finding ?? "")).toBe(
    `${first?.finding ?? ""}\n`,
  );
  expect((await examined(node)).findings.map(({ finding }) => finding)).not.toContain(first?.finding);
  const again = await node.kpod("doctor", "--mend", "--quick", "--yes", first?.finding ?? "");
  expect([again.exitCode, again.stderr]).toEqual([
    2,
    `Error: ${first?.finding ?? ""} is not there: nothing is at odds, or not any more\n`,
  ]);
  await node.ok("doctor", "--mend", "--quick", "--yes");
  await expectSound(node);
  await node.agree();
});

test("what was changed since a mending stays as it is when that is undone", async () => {
  const layer = inRoot("overlay", web.layerId);
  const link = inRoot("overlay/l", readFileSync(join(layer, "link"), "utf8"));
  rmSync(link);
  await node.ok("doctor", "--mend", "--quick", "--yes", "storage.link-lost");
  rmSync(link);
  symlinkSync("elsewhere", link);
  const { exitCode, stdout, stderr } = await node.kpod("doctor", "undo", "--yes");
  expect([exitCode, stderr]).toEqual([1, `Error: this stays as it is: ${link} was changed since\n`]);
  expect(stdout).toMatch(/^storage\.link-lost:[0-9a-f]{12}\n$/);
  expect(readlinkSync(link)).toBe("elsewhere");
  await node.ok("doctor", "--mend", "--quick", "--yes", "storage.link-lost");
  await expectSound(node);
});

test("a disk of another node that is read-only: it is looked at, and not mended; one that is not there is not sound", async () => {
  const link = inRoot("overlay/l", readFileSync(inRoot("overlay", imageLayer(), "link"), "utf8"));
  const target = readlinkSync(link);
  rmSync(link);
  const disk = join(node.world.scratch, "disk");
  mkdirSync(disk);
  mount({ source: node.world.root, target: disk, flags: mountFlags.bind });
  try {
    remountReadOnly(disk);
    const { findings, checks } = await examined(node, "--root", disk);
    expect([findings.map(({ id }) => id), checks.includes("proc.dstate")]).toEqual([
      ["storage.link-lost"],
      false,
    ]);
    const refused = await node.kpod("--root", disk, "doctor", "--mend", "--quick", "--yes");
    expect(refused).toMatchObject({
      exitCode: 1,
      stdout: "",
      stderr: expect.stringMatching(/^Error: [^\n]+: read-only file system\n$/) as string,
    });
  } finally {
    unmount(disk);
  }
  symlinkSync(target, link);
  for (const root of [disk, join(node.world.scratch, "missing"), node.world.config]) {
    const { exitCode, stdout, stderr } = await node.kpod("--root", root, "doctor");
    expect([exitCode, stdout, stderr]).toEqual([
      2,
      "",
      `Error: there is no store at ${root}: ${root}/overlay-layers is no directory: --root is what CRI-O has as root, or podman as graphroot\n`,
    ]);
  }
  await expectSound(node);
});

test("an image whose layer is lost goes, with the containers on it, which must have ended", async () => {
  const lost = inRoot("overlay", web.layerId);
  const away = `${lost}.away`;
  const ended = await node.start(pod, "ended", "sleep 1000");
  const before = layers();
  unmount(inRoot("overlay", ended.layerId, "merged"));
  renameSync(inRoot("overlay", ended.layerId), away);
  writeFileSync(layersFile(), JSON.stringify(before.filter(({ id }) => id !== ended.layerId)));
  const { findings } = await examined(node, "storage.layer-unknown");
  expect(findings.map(({ mend, object }) => [mend.class, object.id])).toEqual([["Q", ended.layerId]]);
  expect(await node.refusal("doctor", "--mend", "--quick", "--yes", "storage.layer-unknown")).toMatch(
    /^cannot remove running container/,
  );
  expect((await examined(node, "doctor.unfinished")).findings).toEqual([]);
  await node.ok("stop", "--timeout", "0", "ended");
  await node.ok("doctor", "--mend", "--quick", "--yes", "storage.layer-unknown");
  expect(await node.ok("ps", "-a", "-q", "--no-trunc")).toBe(`${web.id}\n`);
  rmSync(away, { recursive: true });
  expect(existsSync(lost)).toBe(true);
  await node.ok("doctor", "--mend", "--quick", "--yes");
  await expectSound(node);
  await node.agree();
});

test("what was left of a mending is not done where it is not at odds any more", async () => {
  const journal = Journal.begin({ kpodStateDir: join(node.world.directory, "state"), root: node.world.root });
  const layer = imageLayer() as StorageId;
  const finding = "storage.image-broken:0123456789ab";
  journal.beginEntry(finding, "remove the image", [
    { do: "delete-layer", layer, file: undefined, paths: [] },
  ]);
  journal.close();
  const { findings } = await examined(node, "doctor.unfinished");
  expect(findings.map(({ id }) => id)).toEqual(["doctor.unfinished"]);
  // The image was pulled again meanwhile, and stands on the layers that were there.
  expect(await node.ok("doctor", "--mend", "--quick", "--yes")).toBe(`${finding}\n`);
  expect(layers().map(({ id }) => id)).toContain(layer);
  await expectSound(node);
  await node.agree();
});

test("whoever is killed at any step leaves what the next doctor ends or undoes", async () => {
  let undoes = false;
  // The first steps are those of the program that looks, and of the journal.
  for (let step = 1; ; step++) {
    const link = readFileSync(inRoot("overlay", web.layerId, "link"), "utf8");
    rmSync(inRoot("overlay/l", link));
    rmSync(inRoot("overlay", web.layerId, "link"));
    const sick = contentsOf(node.world);
    const { exitCode } = await killedAt(step, [
      ...["--config", node.world.config],
      ...["doctor", "--mend", "--quick", "--yes", "storage.link-lost"],
    ]);
    const { findings } = await examined(node);
    const begun = findings.some(({ id }) => id === "doctor.unfinished");
    if (begun && undoes) {
      await node.ok("doctor", "undo", "--yes");
      expect(contentsOf(node.world)).toEqual(sick);
    }
    if (begun) undoes = !undoes;
    if (exitCode !== 0 || findings.length > 0) await node.ok("doctor", "--mend", "--quick", "--yes");
    await expectSound(node);
    if (exitCode !== 137) break;
  }
  await node.agree();
  const states = readJournals({ kpodStateDir: join(node.world.directory, "state") }).flatMap(({ entries }) =>
    entries.map(({ ended, undone }) => (undone ? "undone" : ended ? "ended" : "unfinished")),
  );
  expect(new Set(states)).toEqual(new Set(["undone", "ended"]));
}, 600_000);
