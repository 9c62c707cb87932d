import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ContainerServer } from "../../src/lib/container-server";
import { readStoreRecords } from "../../src/program/completion/answer/store-records";
import { nodeObjects } from "../../src/program/completion/answer/node-objects";
import { recoverRenames, renameContainer } from "../../src/lib/operations/rename";
import { containerSizes } from "../../src/lib/operations/sizes";
import { failureOf } from "../helpers/failure";
import { nodeConfig, testServer, type TestServer } from "../helpers/server";
import {
  containerRecord,
  podRecord,
  storeTree,
  testId,
  type TestContainer,
  type TestPod,
} from "../helpers/store-tree";
import { testdir, writeTree } from "../helpers/testdir";

const recordsFile = "root/overlay-containers/containers.json";
const crio = "io.kubernetes.cri-o.";
const web: TestPod = { id: testId("web"), name: "web", namespace: "shop", uid: "u1", attempt: 2 };
const earlier: TestPod = { ...web, id: testId("earlier web"), attempt: 1 };
const run: TestContainer = {
  id: testId("run"),
  pod: web,
  name: "run",
  attempt: 3,
  annotations: {
    [`${crio}SandboxID`]: web.id,
    [`${crio}Image`]: "docker.io/library/redis:7",
    [`${crio}Created`]: "2026-11-23T10:41:25.41173187Z",
  },
};
const log: TestContainer = { id: testId("log"), pod: web, name: "log" };
const short = (id: string): string => id.slice(0, 13);

type Damage = (record: Record<string, unknown>) => unknown;
const half: Damage = (record) => {
  const text = record.metadata as string;
  record.metadata = text.slice(0, text.length / 2);
};

/** A node with pod web, its two containers, and an earlier try of the pod, these records damaged. */
function node(
  damages: Readonly<Record<string, Damage>>,
  pods = [earlier, web],
): TestServer & { directory: string } {
  const directory = testdir(storeTree(pods, [run, log]));
  const path = join(directory, recordsFile);
  const records = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>[];
  for (const [id, damage] of Object.entries(damages)) {
    const record = records.find((candidate) => candidate.id === id);
    if (record !== undefined) damage(record);
  }
  writeFileSync(path, JSON.stringify(records));
  return { ...testServer(directory), directory };
}

async function updated(damages: Readonly<Record<string, Damage>>, pods?: TestPod[]) {
  const made = node(damages, pods);
  await made.server.updateRecords();
  return made;
}

function shown(server: ContainerServer): string[] {
  return server.listContainers().map(({ name, sandboxId, metadata }) => {
    const pod = server.getSandbox(sandboxId);
    return `${name} ${metadata.name} ${metadata.attempt} of ${pod?.namespace ?? "?"}/${pod?.kubeName ?? "?"} ${pod?.attempt ?? "?"}`;
  });
}
const whole = ["k8s_log_web_shop_u1_0 log 0 of shop/web 2", "k8s_run_web_shop_u1_3 run 3 of shop/web 2"];

test.each<[string, Damage, string]>([
  ["that were cut in half", half, "not JSON"],
  ["that begin with NUL bytes", (record) => void (record.metadata = "\0".repeat(80)), "not JSON"],
  ["that are empty", (record) => void (record.metadata = ""), "are missing"],
  ["that are no object", (record) => void (record.metadata = "[]"), "are no object"],
  ["that lack the pod", (record) => void (record.metadata = '{"name":"x"}'), "lack pod-name and pod-id"],
  [
    "with a field of a wrong kind",
    (record) => {
      const metadata = JSON.parse(record.metadata as string) as object;
      record.metadata = JSON.stringify({ ...metadata, attempt: "x" });
    },
    "have a field of a wrong kind",
  ],
  ["that are left out", (record) => delete record.metadata, "are missing"],
])("a container and a pod with metadata %s are there, with a warning each", async (_, damage, why) => {
  const { server, logger, directory } = await updated({ [run.id]: damage, [web.id]: damage });
  expect(shown(server).sort()).toEqual(whole);
  const sandbox = server.lookupSandbox(web.id);
  expect(sandbox).toMatchObject({
    name: "k8s_web_shop_u1_2",
    kubeName: "web",
    namespace: "shop",
    uid: "u1",
    attempt: 2,
  });
  expect(
    sandbox
      .containers()
      .map(({ id }) => id)
      .sort(),
  ).toEqual([run.id, log.id].sort());
  expect(server.lookupContainer("web/run")).toMatchObject({
    id: run.id,
    imageId: testId("busybox"),
    layerId: testId(`layer of ${run.id}`),
    createdAt: new Date("2023-11-14T22:13:21.5Z"),
  });
  expect(logger.warnings).toHaveLength(2);
  expect(logger.warnings[0]).toContain(`pod ${short(web.id)} (k8s_web_shop_u1_2): its metadata `);
  expect(logger.warnings[1]).toContain(`container ${short(run.id)} (k8s_run_web_shop_u1_3): its metadata `);
  for (const warning of logger.warnings) {
    expect(warning).toContain(why);
    expect(warning).toContain(join(directory, recordsFile));
  }
  // Told once, and gone when it is mended.
  await server.updateRecords();
  expect(logger.warnings).toHaveLength(2);
});

test("what the names do not tell stands in the spec", async () => {
  const { server } = await updated({
    [run.id]: (record) => Object.assign(record, { metadata: "{", created: "" }),
  });
  expect(server.lookupContainer("run")).toMatchObject({
    imageName: "docker.io/library/redis:7",
    sandboxId: web.id,
    createdAt: new Date("2026-11-23T10:41:25.000Z"),
  });
});

test("or in state.json, where the spec is lost too", async () => {
  const { server, directory } = node({ [run.id]: (record) => void (record.metadata = "{") });
  const userdata = join(directory, `root/overlay-containers/${run.id}/userdata`);
  writeFileSync(join(userdata, "state.json"), JSON.stringify({ annotations: run.annotations }));
  rmSync(join(userdata, "config.json"));
  await server.updateRecords();
  expect(server.lookupContainer("run")).toMatchObject({
    imageName: "docker.io/library/redis:7",
    sandboxId: web.id,
  });
});

test("with nothing but its name, a container is in the last try of the pod that the name speaks of", async () => {
  const { server, directory } = node({ [run.id]: (record) => void (record.metadata = "{") });
  rmSync(join(directory, `root/overlay-containers/${run.id}`), { recursive: true });
  await server.updateRecords();
  expect(shown(server).sort()).toEqual(whole);
});

test("of a part of the metadata, what is whole counts", async () => {
  const { server, directory } = node({ [run.id]: half });
  rmSync(join(directory, `root/overlay-containers/${run.id}`), { recursive: true });
  await server.updateRecords();
  expect(server.lookupContainer("run").imageName).toBe("localhost/busybox:latest");
});

test("one that was renamed, or has lost its names, is known by its spec", async () => {
  const renamed = await updated({
    [run.id]: (record) => Object.assign(record, { names: ["cache"], metadata: "{" }),
  });
  expect(renamed.server.lookupContainer("web/cache")).toMatchObject({ id: run.id, name: "cache" });
  const nameless = await updated({
    [run.id]: (record) => Object.assign(record, { names: null, metadata: "" }),
  });
  expect(nameless.server.lookupContainer(run.id)).toMatchObject({ sandboxId: web.id });
});

test.each([
  ["podman", { names: ["run"], metadata: '{"image-name":"x","name":"run"}' }],
  ["buildah", { names: ["busybox-working-container"], metadata: "" }],
  ["nobody who is known", { names: ["run"], metadata: "{" }],
])("the records of %s stay hidden", async (_, fields) => {
  const { server, logger } = await updated({
    [run.id]: (record) => {
      record.id = testId("of others");
      Object.assign(record, fields);
    },
  });
  expect(server.listContainers().map(({ id }) => id)).toEqual([log.id]);
  expect(logger.warnings).toEqual([]);
});

test("a container whose pod has no record is told of", async () => {
  const { server, logger } = await updated({}, [earlier]);
  expect(server.listContainers()).toHaveLength(2);
  expect(logger.warnings.sort()).toEqual(
    [log, run]
      .map(
        ({ id, name, attempt = 0 }) =>
          `container ${short(id)} (k8s_${name}_web_shop_u1_${attempt}): the record of its pod ${short(web.id)} is gone`,
      )
      .sort(),
  );
});

test("the look for one finds what the look at all finds", async () => {
  for (const word of [run.id, "run", "web/run", "k8s_run_web_shop_u1_3", short(run.id)]) {
    const { server, logger } = node({ [run.id]: half, [web.id]: half });
    await server.updateRecords([word]);
    expect(server.lookupContainer(word).id).toBe(run.id);
    expect(server.getSandbox(web.id)?.kubeName).toBe("web");
    expect(logger.warnings).toHaveLength(2);
  }
  // A name that a damaged record has is not that of the other alone.
  const { server } = node({
    [run.id]: (record) => Object.assign(record, { names: ["k8s_log_web_shop_u1_1"], metadata: "{" }),
  });
  await server.updateRecords(["log"]);
  expect((await failureOf(() => server.lookupContainer("log"))).code).toBe("AMBIGUOUS");
});

test("a shell is offered them", () => {
  const { directory } = node({ [run.id]: half, [web.id]: half });
  const records = readStoreRecords(nodeConfig(directory));
  expect(
    nodeObjects(records, "container", "")
      .map(({ id }) => id)
      .sort(),
  ).toEqual([run.id, log.id].sort());
  expect(nodeObjects(records, "pod", "").map(({ id }) => id)).toContain(web.id);
});

test("a rename is refused: it would write metadata that nobody has whole", async () => {
  const { server, directory } = await updated({ [run.id]: half });
  const before = readFileSync(join(directory, recordsFile), "utf8");
  const error = await failureOf(renameContainer(server, server.lookupContainer("run"), "other"));
  expect([error.code, error.message]).toEqual([
    "CORRUPT",
    `cannot rename ${run.id}: the metadata of its record are not JSON, or only a part of it`,
  ]);
  expect(readFileSync(join(directory, recordsFile), "utf8")).toBe(before);
});

test("a rename that broke off waits, with a warning, until its container is removed", async () => {
  const { server, logger, directory } = node({ [run.id]: half });
  const journal = join(directory, `root/kpod/rename-${run.id}-0123456789ab.json`);
  writeTree(directory, { [`root/kpod/rename-${run.id}-0123456789ab.json`]: "{}" });
  await recoverRenames(server);
  expect(logger.warnings).toEqual([
    `a rename of container ${short(run.id)} had broken off and cannot be rolled back: ` +
      "the metadata of its record are not JSON, or only a part of it",
  ]);
  expect(existsSync(journal)).toBe(true);
  writeFileSync(join(directory, recordsFile), JSON.stringify([podRecord(web)]));
  await recoverRenames(server);
  expect(existsSync(journal)).toBe(false);
});

test("one whose record names no layer is shown, and only its size is told to be missing", async () => {
  for (const layer of ["", null, 5, undefined]) {
    const { server, logger } = await updated({ [run.id]: (record) => Object.assign(record, { layer }) });
    const container = server.lookupContainer("run");
    expect(container.layerId).toBe("");
    expect([...(await containerSizes(server, [container])).keys()]).toEqual([]);
    expect(logger.warnings.at(-1)).toBe(
      `container ${short(run.id)} (k8s_run_web_shop_u1_3): the record of container ${run.id} names no layer`,
    );
    const { GraphDriver, Mountpoint } = await server.getContainerData(run.id, false);
    expect([GraphDriver.Data.UpperDir, Mountpoint]).toEqual(["", ""]);
  }
});

test("a second record of an id is told of, and the first one counts", async () => {
  const directory = testdir({
    ...storeTree([web], [run]),
    [recordsFile]: JSON.stringify([
      podRecord(web),
      containerRecord(run),
      { ...containerRecord(log), id: run.id },
    ]),
  });
  const { server, logger } = testServer(directory);
  await server.updateRecords();
  await server.updateRecords();
  expect(server.listContainers().map(({ name }) => name)).toEqual(["k8s_run_web_shop_u1_3"]);
  expect(logger.warnings).toEqual([
    `the store has two records of ${short(run.id)} (k8s_run_web_shop_u1_3): only the first one counts`,
  ]);
});
