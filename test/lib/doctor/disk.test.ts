import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Spec } from "../../../src/lib/oci/spec";
import { mount, unmount } from "../../../src/lib/system/mount";
import { imageLimits, settingsOnDisk } from "../../../src/lib/doctor/facts/kubelet";
import { examinedBy, inShort } from "../../helpers/doctor";
import { withProgram } from "../../helpers/named-program";
import { testServer } from "../../helpers/server";
import { testId } from "../../helpers/store-tree";
import { testdir } from "../../helpers/testdir";
import { ids, versionServer, versionWorld } from "../../helpers/version-worlds";

/** The uid of the pods of a version's world, and that of a pod that is gone. */
const uid = "5f3d6c1e-uid";
const gone = "0b3c4d5e-1234-4abc-8def-00112233aabb";

function editSpec(directory: string, id: string, change: (spec: Spec) => Spec): void {
  const path = join(directory, "root/overlay-containers", id, "userdata/config.json");
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, "utf8")) as Spec)));
}

function old(path: string): void {
  utimesSync(path, 1_700_000_000, 1_700_000_000);
}

test("logs that nobody rotates, and those of pods that are gone", async () => {
  const directory = versionWorld("1.36");
  const pods = join(directory, "pods");
  const log = join(pods, `shop_db_${uid}`, "runs/0.log");
  mkdirSync(dirname(log), { recursive: true });
  writeFileSync(log, "");
  editSpec(directory, ids.runs, (spec) => ({
    ...spec,
    annotations: { ...spec.annotations, "io.kubernetes.cri-o.LogPath": log },
  }));
  const { server } = versionServer(directory, { logDir: join(directory, "logs") });
  expect(await examinedBy(server, ["disk.logs"])).toEqual([]);

  truncateSync(log, 101 * 1024 * 1024);
  const [large, ...others] = await examinedBy(server, ["disk.logs"]);
  expect(others).toEqual([]);
  expect(large).toMatchObject({
    severity: "leaks",
    object: { kind: "container", id: ids.runs, path: log },
    evidence: [{ file: log, says: `has ${101 * 1024 * 1024} bytes` }, { file: "the kubelet" }],
    mend: { class: "S", commands: [`truncate -s 0 ${log}`] },
  });
  truncateSync(log, 0);

  const left = join(pods, `shop_old_${gone}`);
  const link = join(directory, "containers", `old_shop_web-${testId("old")}.log`);
  const ofCrio = [ids.infraPod, testId("gone")].map((id) => join(directory, "logs", id));
  for (const path of [left, join(pods, "notes"), dirname(link), ...ofCrio])
    mkdirSync(path, { recursive: true });
  symlinkSync(join(left, "web/0.log"), link);
  // Young ones may be being made.
  expect(await examinedBy(server, ["disk.logs"], { minAgeMs: undefined })).toEqual([]);
  for (const path of [left, ...ofCrio]) old(path);
  expect(inShort(await examinedBy(server, ["disk.logs"], { minAgeMs: undefined }))).toEqual(
    [left, ofCrio[1] ?? ""].map((path) => `disk.logs leaks ${path} S`).sort(),
  );
  expect(inShort(await examinedBy(server, ["disk.logs"]))).toContain(`disk.logs leaks ${link} S`);
  // A container that runs without a record has its log there, and so has its pod.
  const [lost, bundle] = [
    testId("lost"),
    join(directory, "root/overlay-containers", testId("lost"), "userdata"),
  ];
  const full = `k8s_web_old_shop_${gone}_0`;
  const told = { "io.kubernetes.cri-o.Name": full, "io.kubernetes.cri-o.SandboxID": testId("gone") };
  mkdirSync(bundle, { recursive: true });
  writeFileSync(join(bundle, "config.json"), JSON.stringify({ ociVersion: "1.0.2", annotations: told }));
  mkdirSync(join(directory, "runtime", lost), { recursive: true });
  expect(await examinedBy(server, ["disk.logs"], { minAgeMs: undefined })).toEqual([]);
  for (const path of [dirname(bundle), join(directory, "runtime", lost)]) rmSync(path, { recursive: true });
  // Where no container of this store has a log, they are somebody else's.
  rmSync(ofCrio[0] ?? "", { recursive: true });
  expect(inShort(await examinedBy(server, ["disk.logs"], { minAgeMs: undefined }))).toEqual([
    `disk.logs leaks ${left} S`,
  ]);
});

test("volumes of a pod that is gone: what is mounted there is told first", async () => {
  const directory = versionWorld("1.36");
  const pods = join(directory, "kubelet/pods");
  const source = join(pods, uid, "volumes/kubernetes.io~empty-dir/data");
  const volumes = join(pods, gone, "volumes/kubernetes.io~empty-dir");
  const [empty, mounted] = [join(volumes, "empty"), join(volumes, "mounted")];
  for (const path of [source, empty, mounted]) mkdirSync(path, { recursive: true });
  const { server } = versionServer(directory);
  // Nothing of this store lies there.
  expect(await examinedBy(server, ["disk.pod-volumes"])).toEqual([]);
  editSpec(directory, ids.runs, (spec) => ({ ...spec, mounts: [{ destination: "/data", source }] }));
  expect(await examinedBy(server, ["disk.pod-volumes"], { minAgeMs: undefined })).toEqual([]);
  const path = join(pods, gone);
  const [bare, ...none] = await examinedBy(server, ["disk.pod-volumes"]);
  expect(none).toEqual([]);
  expect(bare).toMatchObject({
    severity: "leaks",
    object: { kind: "path", path },
    mend: { class: "N", commands: [`find ${path} -xdev -depth -type d -empty -delete`] },
  });
  writeFileSync(join(empty, "file"), "somebody's");
  mount({ source: "kpod-test", target: mounted, type: "tmpfs" });
  try {
    const [found] = await examinedBy(server, ["disk.pod-volumes"]);
    expect(found?.evidence).toContainEqual({ file: "/proc/self/mountinfo", says: `has ${mounted} mounted` });
    expect(found?.evidence).toContainEqual({
      file: empty,
      says: "has files in it, and nothing is mounted there",
    });
    expect(found?.mend.commands).toEqual([`umount '${mounted}'`, `ls -la '${empty}'`]);
    expect(found?.mend.steps).toBeUndefined();
  } finally {
    unmount(mounted);
  }
  expect(existsSync(join(empty, "file"))).toBe(true);
});

test("images that nothing uses on a disk that is full, and none where nothing is to be got back", async () => {
  const directory = testdir({ "root/": null });
  const root = join(directory, "root");
  mount({ source: "kpod-test", target: root, type: "tmpfs", data: "size=1m" });
  try {
    const [layer, image] = [testId("layer"), testId("image")];
    for (const name of ["overlay", "overlay-images", "overlay-layers", `overlay/${layer}`])
      mkdirSync(join(root, name));
    const records = [{ id: layer, "diff-size": 500_000, created: "2020-01-01T00:00:00Z" }];
    writeFileSync(join(root, "overlay-layers/layers.json"), JSON.stringify(records));
    const images = [{ id: image, layer, names: ["localhost/old:1"] }];
    const imagesFile = join(root, "overlay-images/images.json");
    writeFileSync(imagesFile, JSON.stringify(images));
    const { server } = testServer(directory);
    expect(await examinedBy(server, ["disk.images"])).toEqual([]);
    writeFileSync(join(root, "large"), Buffer.alloc(950_000));
    const [found, ...others] = await examinedBy(server, ["disk.images"]);
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      severity: "breaks-now",
      object: { kind: "path", path: dirname(imagesFile) },
      bytes: 500_000,
      mend: { class: "S", commands: ["kpod system prune --all --dry-run", "kpod system prune --all"] },
    });
    expect(found?.evidence[1]).toEqual({
      file: imagesFile,
      says: "has 1 images that no container uses: image localhost/old:1",
    });
    expect(found?.evidence[2]?.says).toMatch(/^evicts pods where less than \d+ bytes are free$/);
    // What the kubelet is set to counts: here that it goes on until nearly nothing is left.
    const set = testServer(directory, { listen: join(directory, "crio.sock") }).server;
    const config = join(directory, "kubelet.yaml");
    const write = (high: number, available: string): void => {
      const lines = [
        `containerRuntimeEndpoint: unix://${directory}/crio.sock`,
        ...["evictionHard:", '  nodefs.available: "10%"', `  imagefs.available: "${available}"`],
        `imageGCHighThresholdPercent: ${high}`,
      ];
      writeFileSync(config, `${lines.join("\n")}\n`);
    };
    await withProgram(directory, "kubelet", ["--config", config], async () => {
      write(99, "1Ki");
      expect(await examinedBy(set, ["disk.images"])).toEqual([]);
      write(80, "1Ki");
      const [early] = await examinedBy(set, ["disk.images"]);
      expect(early?.evidence[2]).toEqual({ file: config, says: "removes images from 80 % on" });
      write(99, "50%");
      const [evicted] = await examinedBy(set, ["disk.images"]);
      expect(evicted?.evidence[2]?.says).toMatch(/^evicts pods/);
    });
    expect(settingsOnDisk(set.config, [join(directory, "none"), config])?.setting("evictionHard")).toContain(
      "50%",
    );
    expect(settingsOnDisk({ listen: join(directory, "other.sock") }, [config])).toBeUndefined();
    expect(
      imageLimits({
        sourceOf: () => config,
        setting: (name) =>
          name === "evictionHard" ? "imagefs.available<1Ki,nodefs.available<10%" : undefined,
      }),
    ).toEqual({ highShare: 0.85, available: { bytes: 1024 } });
    expect(
      imageLimits({ sourceOf: () => config, setting: () => '"imagefs.available": "7%", "x": "1"' }),
    ).toEqual({ highShare: 0.85, available: { share: 0.07 } });
    const pinned = testServer(directory, { pinnedImages: ["localhost/old:1"] }).server;
    expect(await examinedBy(pinned, ["disk.images"])).toEqual([]);
  } finally {
    unmount(root);
  }
});
