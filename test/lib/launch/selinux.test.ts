import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defaultConfig, type Config } from "../../../src/lib/config";
import {
  freeLevel,
  levelsOf,
  newContainerLabels,
  newPodLabels,
  noLabels,
  processLabels,
  wantedLabels,
} from "../../../src/lib/launch/selinux";
import type { Container } from "../../../src/lib/oci/container";
import { newStorageId } from "../../../src/lib/names/ids";
import type { ContainerRecord } from "../../../src/lib/storage/records";
import { collectingLogger } from "../../helpers/collecting-logger";
import { failureOf } from "../../helpers/failure";
import { testdir } from "../../helpers/testdir";

const contexts = [
  "# of the policy",
  'process = "system_u:system_r:container_t:s0"',
  'content = "system_u:object_r:virt_var_lib_t:s0"',
  'file = "system_u:object_r:container_file_t:s0"',
  'ro_file="system_u:object_r:container_ro_file_t:s0"',
  "",
].join("\n");

const kernel = {
  "sys/fs/selinux/enforce": "1",
  "proc/self/attr/current": "unconfined_u:unconfined_r:t:s0\0",
};
const policy = "etc/selinux/mls/contexts/lxc_contexts";
const host = {
  root: testdir({
    ...kernel,
    "etc/selinux/config": "SELINUX=enforcing\nSELINUXTYPE=mls\n",
    [policy]: contexts,
  }),
};

function configOf(selinux: boolean): Config {
  return Object.assign(defaultConfig(), { selinux });
}

function record(label: string, where: "ProcessLabel" | "MountLabel" | "metadata"): ContainerRecord {
  const id = newStorageId();
  const metadata = { "pod-name": "p", "pod-id": id, mountlabel: where === "metadata" ? label : "" };
  return { id, metadata: JSON.stringify(metadata), flags: where === "metadata" ? {} : { [where]: label } };
}

const podOf = (selinuxLabel: string): { infraContainer: Container } => ({
  infraContainer: {
    spec: { ociVersion: "", process: { user: { uid: 0, gid: 0 }, args: [], cwd: "/", selinuxLabel } },
  } as unknown as Container,
});

test("a pod has the contexts of the policy and two categories of its own", () => {
  const logger = collectingLogger();
  const { process, mount } = newPodLabels(configOf(true), [], logger, host);
  const [, first, second] = /^system_u:system_r:container_t:s0:c(\d+),c(\d+)$/.exec(process) ?? [];
  expect(Number(first)).toBeLessThan(Number(second));
  expect(Number(second)).toBeLessThan(1024);
  expect(mount).toBe(`system_u:object_r:container_file_t:s0:c${first ?? ""},c${second ?? ""}`);
  expect(logger.warnings).toEqual([]);
});

test("parts of the labels can be asked for, or none; where nothing is labelled that is refused", async () => {
  const labels = { process: "u:r:t:s0:c1,c2", mount: "u:object_r:f:s0:c1,c2" };
  const config = configOf(true);
  expect(wantedLabels(config, labels, {}, host)).toEqual(labels);
  // Its files stay those of the pod.
  const unconfined = { process: "", mount: labels.mount };
  expect(wantedLabels(config, labels, { selinux: "disable" }, host)).toEqual(unconfined);
  expect(wantedLabels(config, labels, { selinux: { type: "spc_t", level: "s0:c8,c9" } }, host)).toEqual({
    process: "u:r:spc_t:s0:c8,c9",
    mount: "u:object_r:f:s0:c8,c9",
  });
  const bad = await failureOf(() => wantedLabels(config, labels, { selinux: { type: "a,b" } }, host));
  expect(bad).toMatchObject({ code: "BAD_ARGUMENT" });
  for (const [on, present, place, why] of [
    [false, labels, host, "selinux is false"],
    [true, labels, { root: testdir({}) }, "without SELinux"],
    [true, noLabels, host, "IPC or PID namespace"],
    [true, unconfined, host, "privileged"],
  ] as const) {
    const wanted = { selinux: "disable" } as const;
    const refused = await failureOf(() => wantedLabels(configOf(on), present, wanted, place));
    expect(refused.code).toBe("UNSUPPORTED");
    expect(refused.message).toContain(why);
    // Who has it passed over is told the same.
    const told: string[] = [];
    const onUnlabelled = (reason: string): void => {
      told.push(reason);
    };
    expect(wantedLabels(configOf(on), present, { ...wanted, onUnlabelled }, place)).toEqual(present);
    expect(told).toEqual([expect.stringContaining(why)]);
  }
  const root = testdir(kernel);
  symlinkSync("/proc/self/oom_score_adj", join(root, "sys/fs/selinux/context"));
  const unknown = await failureOf(() =>
    wantedLabels(config, labels, { selinux: { type: "spc_t" } }, { root }),
  );
  expect(unknown.code).toBe("BAD_ARGUMENT");
  expect(unknown.message).toMatch(/does not know u:r:spc_t:s0:c1,c2, which was asked for$/);
});

test("the levels in use stand in flags and metadata of all records", () => {
  const records = [
    record("u:r:t:s0:c1,c2", "ProcessLabel"),
    record("u:r:t:s0:c3,c4", "MountLabel"),
    record("u:r:t:s0:c5,c6", "metadata"),
  ];
  const levels = levelsOf(records);
  for (const level of ["s0:c1,c2", "s0:c3,c4", "s0:c5,c6"]) expect(levels).toContain(level);
});

test("categories that are in use are not given again", async () => {
  const pairs = ["s0:c0,c1", "s0:c0,c2", "s0:c1,c2"];
  for (const free of pairs) {
    expect(freeLevel(new Set(pairs.filter((pair) => pair !== free)), 3)).toBe(free);
  }
  expect((await failureOf(() => freeLevel(new Set(pairs), 3))).code).toBe("CONFLICT");
});

test("the contexts of container-selinux go before those of the policy", () => {
  const root = testdir({
    ...kernel,
    [policy]: contexts,
    "usr/share/containers/selinux/contexts": contexts.replaceAll("container_", "other_"),
  });
  expect(newPodLabels(configOf(true), [], collectingLogger(), { root }).process).toMatch(/:other_t:/);
});

test("contexts that the loaded policy does not know are told before anything is mounted with them", async () => {
  const root = testdir({ ...kernel, [policy]: contexts, "etc/selinux/config": "SELINUXTYPE=mls\n" });
  const asked = join(root, "sys/fs/selinux/context");
  writeFileSync(asked, "");
  const { process } = newPodLabels(configOf(true), [], collectingLogger(), { root });
  expect(readFileSync(asked, "utf8")).toMatch(/^system_u:object_r:container_file_t:s0:c\d+,c\d+\0$/);
  expect(process).toMatch(/:container_t:/);
  rmSync(asked);
  // A file of the kernel that takes no such word, as SELinux takes no context that it does not know.
  symlinkSync("/proc/self/oom_score_adj", asked);
  const error = await failureOf(() => newPodLabels(configOf(true), [], collectingLogger(), { root }));
  expect(error.code).toBe("BAD_CONFIG");
  expect(error.message).toMatch(/does not know system_u:system_r:container_t:s0:c\d+,c\d+, which is for/);
  expect(error.message).toContain("/etc/selinux/mls/contexts/lxc_contexts");
  const inPod = podOf("system_u:system_r:container_t:s0:c1,c2");
  const ofContainer = await failureOf(() =>
    newContainerLabels(configOf(true), inPod, false, [], collectingLogger(), { root }),
  );
  expect(ofContainer.message).toContain("does not know system_u:object_r:container_file_t:s0:c1,c2");
});

test("a policy without levels has no categories", () => {
  const root = testdir({
    ...kernel,
    "etc/selinux/targeted/contexts/lxc_contexts": contexts.replaceAll(":s0", ""),
  });
  expect(newPodLabels(configOf(true), [], collectingLogger(), { root })).toEqual({
    process: "system_u:system_r:container_t",
    mount: "system_u:object_r:container_file_t",
  });
});

test("a container shares the label of its pod's processes, whatever the configuration says by now", () => {
  const label = "system_u:system_r:container_init_t:s0:c1,c2";
  for (const selinux of [true, false]) {
    expect(newContainerLabels(configOf(selinux), podOf(label), false, [], collectingLogger(), host)).toEqual({
      process: label,
      mount: "system_u:object_r:container_file_t:s0:c1,c2",
    });
  }
});

test("in a pod without labels a container gets its own; on the node's IPC namespace none", () => {
  const labels = newContainerLabels(configOf(true), podOf(""), false, [], collectingLogger(), host);
  expect(labels.process).toMatch(/:container_t:s0:c/);
  expect(newContainerLabels(configOf(true), podOf(""), true, [], collectingLogger(), host)).toEqual(noLabels);
  expect(newContainerLabels(configOf(false), podOf(""), false, [], collectingLogger(), host)).toEqual(
    noLabels,
  );
});

test("on the node's network a process loses its label only where the configuration says so", () => {
  const labels = { process: "a:b:c", mount: "d:e:f" };
  expect(processLabels(labels, true, { hostNetworkWithoutLabel: false })).toEqual(labels);
  expect(processLabels(labels, false, { hostNetworkWithoutLabel: true })).toEqual(labels);
  expect(processLabels(labels, true, { hostNetworkWithoutLabel: true })).toEqual({ ...labels, process: "" });
});

test("a kernel without SELinux has no labels, and that is told, once", () => {
  const logger = collectingLogger();
  const roots = [testdir(), testdir({ ...kernel, "proc/self/attr/current": "kernel\0" })];
  for (const root of roots) expect(newPodLabels(configOf(true), [], logger, { root })).toEqual(noLabels);
  expect(logger.warnings).toEqual([expect.stringContaining("this kernel runs without SELinux")]);
  expect(newPodLabels(configOf(false), [], logger, host)).toEqual(noLabels);
  expect(logger.warnings).toHaveLength(1);
});

test.each<[string, Record<string, string>]>([
  ["missing", {}],
  ["without a file context", { "etc/selinux/targeted/contexts/lxc_contexts": 'process = "a:b:c:s0"\n' }],
  [
    "what would end the options of a mount",
    { "etc/selinux/targeted/contexts/lxc_contexts": 'process = "a:b:c"\nfile = "a:b:c\\",x"\n' },
  ],
])("contexts that are %s refuse the launch", async (_, files) => {
  const root = testdir({ ...kernel, ...files });
  const error = await failureOf(() => newPodLabels(configOf(true), [], collectingLogger(), { root }));
  expect([error.code, error.message]).toEqual([
    "BAD_CONFIG",
    expect.stringContaining("no contexts for containers"),
  ]);
});
