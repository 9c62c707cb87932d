import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { chosenChecks } from "../../src/lib/doctor/choose";
import { examine } from "../../src/lib/doctor/examine";
import type { Container } from "../../src/lib/oci/container";
import { examined, expectSound } from "../helpers/doctor";
import { useNode, usePod } from "../helpers/node";
import { contentsOf } from "../helpers/node";
import { succeeded } from "../helpers/process";
import { startLocker } from "../helpers/record-lock";
import { testId } from "../helpers/store-tree";

const node = useNode();
const pod = usePod(node, "shop");
let web: Container;

interface LayerRecord {
  id: string;
  parent?: string;
}

function layers(): LayerRecord[] {
  return JSON.parse(
    readFileSync(join(node.world.root, "overlay-layers/layers.json"), "utf8"),
  ) as LayerRecord[];
}

/** The directory of the layer that the container stands on. */
function imageLayer(): string {
  const parent = layers().find(({ id }) => id === web.layerId)?.parent ?? "";
  return join(node.world.root, "overlay", parent);
}

/** Changes a file for as long as something is done. */
async function without(path: string, text: string | undefined, action: () => Promise<void>): Promise<void> {
  const before = readFileSync(path);
  if (text === undefined) rmSync(path);
  else writeFileSync(path, text);
  try {
    await action();
  } finally {
    writeFileSync(path, before);
  }
}

beforeAll(async () => {
  web = await node.start(pod, "web", "sleep 1000");
}, 120_000);

test("finds nothing on a sound node, at both looks, and changes nothing", async () => {
  const before = contentsOf(node.world);
  await expectSound(node, "--looks");
  await expectSound(node);
  expect(contentsOf(node.world)).toEqual(before);
  expect(await node.ok("doctor", "--format", "npd")).toBe("sound\n");
  expect(await node.ok("doctor", "storage")).toMatch(/^Sound: \d+ checks found nothing at odds\n/);
});

test("reads thousands of small files in a thread of its own", async () => {
  const { exitCode, stderr } = await node.kpod("--log-level", "debug", "doctor");
  expect(exitCode).toBe(0);
  expect(stderr).toContain("states of");
  expect(stderr).not.toContain("no thread reads ahead");
});

test("a link that is lost, or leads elsewhere, is told with what names it", async () => {
  const directory = imageLayer();
  const name = readFileSync(join(directory, "link"), "utf8");
  const link = join(node.world.root, "overlay/l", name);
  const target = `../${directory.split("/").at(-1) ?? ""}/diff`;
  rmSync(link);
  try {
    const { findings } = await examined(node, "--looks");
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      id: "storage.link-lost",
      severity: "breaks-now",
      object: { kind: "layer", id: directory.split("/").at(-1) },
      mend: { class: "S", commands: [`ln -sfn ${target} ${link}`] },
    });
    expect(findings[0]?.evidence).toContainEqual({ file: link, says: "is missing" });
    expect(findings[0]?.evidence).toContainEqual({ file: join(directory, "link"), says: `says ${name}` });
    expect(findings[0]?.consequence).toMatch(/image .*busybox.*shop/);
    expect((await node.kpod("doctor", "--quick", "--format", "npd")).stdout).toMatch(
      /^storage\.link-lost: layer .{1,60}\n$/,
    );
    symlinkSync("../elsewhere", link);
    expect((await examined(node)).findings.map(({ finding }) => finding)).toEqual([findings[0]?.finding]);
  } finally {
    rmSync(link);
    symlinkSync(target, link);
  }
  await expectSound(node);
});

test("a link file that is empty, a lower file that is torn, and the directory of links", async () => {
  const directory = imageLayer();
  await without(join(directory, "link"), "", async () => {
    const name = readdirSync(join(node.world.root, "overlay/l")).find((each) =>
      readFileSync(join(node.world.root, "overlay", web.layerId, "lower"), "utf8").startsWith(`l/${each}`),
    );
    const { findings } = await examined(node);
    expect(findings.map(({ id, mend }) => [id, mend.class, mend.commands])).toEqual([
      ["storage.link-lost", "S", [`printf %s ${name ?? ""} >${join(directory, "link")}`]],
    ]);
  });
  const lower = join(node.world.root, "overlay", web.layerId, "lower");
  await without(lower, "", async () => {
    const { findings } = await examined(node);
    expect(findings.map(({ id, mend, evidence }) => [id, mend.class, evidence[0]])).toEqual([
      ["storage.link-lost", "X", { file: lower, says: "is empty" }],
    ]);
  });
  const links = join(node.world.root, "overlay/l");
  renameSync(links, `${links}.away`);
  try {
    const { findings } = await examined(node);
    expect(findings.map(({ id, object }) => [id, object.path])).toEqual([["storage.link-lost", links]]);
    expect(findings[0]?.mend.commands).toHaveLength(1 + readdirSync(`${links}.away`).length);
  } finally {
    renameSync(`${links}.away`, links);
  }
  await expectSound(node);
});

test("a layer without a record: with its directory its record can be made anew, without it is lost", async () => {
  const file = join(node.world.root, "overlay-layers/layers.json");
  const id = imageLayer().split("/").at(-1) ?? "";
  const kept = layers().find((layer) => layer.id === id);
  await without(file, JSON.stringify(layers().filter((layer) => layer.id !== id)), async () => {
    const { findings } = await examined(node, "--looks");
    expect(findings.map((each) => [each.id, each.severity, each.object.id, each.mend.class])).toEqual([
      ["storage.layer-unknown", "breaks-now", id, "S"],
    ]);
    expect(await node.ok("why", "shop/web")).toContain(`${findings[0]?.finding ?? ""}\n`);
    const [command = ""] = findings[0]?.mend.commands ?? [];
    const { created, ...record } = JSON.parse(/\. \+ \[(.*)\]' /.exec(command)?.[1] ?? "") as Record<
      string,
      unknown
    >;
    expect(typeof created).toBe("string");
    expect(kept).toMatchObject(record);
    expect(Object.keys(record).sort()).toEqual(
      ["diff-digest", "diff-size", "id", ...(kept?.parent === undefined ? [] : ["parent"])].sort(),
    );
    const directory = imageLayer();
    expect(existsSync(directory)).toBe(true);
    const away = `${join(node.world.root, "overlay", id)}.away`;
    renameSync(join(node.world.root, "overlay", id), away);
    try {
      const lost = (await examined(node, "storage.layer-unknown")).findings;
      expect(lost.map((each) => each.mend.class)).toEqual(["Q"]);
      expect(lost[0]?.consequence).toContain("shop/web");
    } finally {
      renameSync(away, join(node.world.root, "overlay", id));
    }
  });
  await expectSound(node);
});

test("what podman has is not judged, and nothing that is launched and removed side by side is told", async () => {
  succeeded(await node.world.podman(["create", "--name", "theirs", "localhost/busybox"]), "podman create");
  succeeded(await node.world.podman(["image", "mount", "localhost/busybox"]), "podman image mount");
  try {
    await expectSound(node);
    await expectSound(node, "--min-age", "0s");
    const launches = [0, 1].map(async (number) => {
      for (let count = 0; count < 3; count++)
        await node.ok("run", "--rm", "--pod", "shop", "--name", `brief-${number}`, "busybox", "true");
    });
    const looks = (async () => {
      for (let count = 0; count < 3; count++) await expectSound(node, "--looks", "storage", "ns");
    })();
    await Promise.all([...launches, looks]);
  } finally {
    succeeded(await node.world.podman(["image", "unmount", "localhost/busybox"]), "podman image unmount");
    succeeded(await node.world.podman(["rm", "theirs"]), "podman rm");
  }
  await expectSound(node);
}, 120_000);

test("a lock that somebody holds at both looks is told with its holder, and two graph drivers", async () => {
  const lock = join(node.world.root, "overlay-images/images.lock");
  const locker = startLocker(lock);
  await locker.lock("posix", "write");
  const vfs = join(node.world.root, "vfs-layers");
  mkdirSync(vfs);
  writeFileSync(join(vfs, "layers.json"), JSON.stringify([{ id: testId("vfs") }]));
  try {
    const { server } = await node.openServer({ lockTimeoutMs: 1 });
    const { findings } = await examine(server, {
      checks: chosenChecks(["storage.lock-held", "storage.config-conflict"]),
      live: true,
      quick: false,
    });
    expect(findings.map(({ id, severity, object }) => [id, severity, object.path])).toEqual([
      ["storage.lock-held", "breaks-now", lock],
      ["storage.config-conflict", "informs", node.world.root],
    ]);
    const pid = findings[0]?.object.pid ?? 0;
    expect(pid).toBeGreaterThan(1);
    const started = findings[0]?.evidence.find(({ file }) => file === `/proc/${pid}/stat`);
    expect(started?.says).toMatch(/^it was started at \S+Z, and cannot hold it for longer$/);
  } finally {
    await locker.unlock("posix");
    rmSync(vfs, { recursive: true });
  }
});

test("names the nearest check; writes whole files; tells in each format", async () => {
  const { exitCode, stderr } = await node.kpod("doctor", "storage.lnk-lost");
  expect([exitCode, stderr]).toEqual([
    2,
    'Error: there is no check "storage.lnk-lost": the nearest is storage.link-lost; all are in kpod-doctor(1)\n',
  ]);
  expect((await node.kpod("doctor", "--quick", "crio.hung")).stderr).toMatch(/--quick leaves out crio.hung/);
  expect((await node.kpod("doctor", "--quick", "--yes")).stderr).toMatch(
    /^Error: option --yes needs --mend\n/,
  );
  const nowhere = join(node.world.scratch, "missing/kpod.prom");
  expect(await node.kpod("doctor", "--quick", "-o", nowhere, "storage.link-lost")).toMatchObject({
    exitCode: 125,
    stderr: `Error: cannot write ${nowhere}: no such file or directory\n`,
  });
  const file = join(node.world.scratch, "kpod.prom");
  await node.ok("doctor", "--format", "prom", "-o", file);
  const text = readFileSync(file, "utf8");
  expect(text).toMatch(
    /^# HELP kpod_doctor_problems [^\n]+\n# TYPE kpod_doctor_problems gauge\nkpod_doctor_problems\{check="[a-z.-]+",severity="[a-z-]+"\} 0\n/,
  );
  const values = new Map(
    text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => line.split(" ") as [string, string]),
  );
  expect([...values.keys()].map((name) => name.replace(/\{.*/, ""))).toEqual(
    expect.arrayContaining([
      "kpod_doctor_run_timestamp_seconds",
      "kpod_doctor_run_duration_seconds",
      "kpod_storage_reclaimable_bytes",
      "kpod_processes_uninterruptible",
    ]),
  );
  for (const name of ['kpod_storage_bytes{kind="images"}', 'kpod_storage_bytes{kind="containers"}'])
    expect(Number(values.get(name))).toBeGreaterThan(0);
  expect(Number(values.get('kpod_namespace_pins{kind="uts",state="used"}'))).toBe(1);
  expect(
    ["kpod_crio_responding", 'kpod_lock_held_seconds{lock="layers"}'].map((name) => values.get(name)),
  ).toEqual(["0", "0"]);
});
