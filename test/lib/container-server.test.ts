import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ContainerServer } from "../../src/lib/container-server";
import { KpodError } from "../../src/lib/errors";
import { mount, mountFlags, unmount } from "../../src/lib/system/mount";
import { failureOf } from "../helpers/failure";
import { listing } from "../helpers/listing";
import { testServer } from "../helpers/server";
import {
  containerRecord,
  podRecord,
  storeTree,
  testId,
  type TestContainer,
  type TestPod,
} from "../helpers/store-tree";
import { testdir } from "../helpers/testdir";

const web: TestPod = { id: testId("web"), name: "web", namespace: "shop", uid: "u1", labels: { app: "web" } };
const db: TestPod = { id: testId("db"), name: "db", namespace: "shop", uid: "u2", attempt: 2 };
const run: TestContainer = { id: testId("run"), pod: web, name: "run", labels: { tier: "front" } };
const log: TestContainer = { id: testId("log"), pod: web, name: "log", created: "2023-11-14T22:13:30Z" };
const sql: TestContainer = {
  id: testId("sql"),
  pod: db,
  name: "sql",
  attempt: 3,
  created: "2023-11-14T22:13:25Z",
};

const recordsFile = "root/overlay-containers/containers.json";

/** Replaces the records of a store, as CRI-O would while kpod runs. */
function writeRecords(directory: string, records: readonly unknown[]): void {
  writeFileSync(join(directory, recordsFile), JSON.stringify(records));
}

/** All that a server lists, in short and by name. */
function summary(server: ContainerServer): unknown {
  const names = (things: readonly { name: string }[]): string[] => things.map(({ name }) => name).sort();
  return {
    pods: server
      .listSandboxes()
      .map((pod) => `${pod.name} ${pod.state}: ${names(pod.containers()).join(" ")}`)
      .sort(),
    containers: server
      .listContainers()
      .map(({ name, state }) => `${name} ${state?.status ?? "?"} ${state?.exitCode ?? "?"}`)
      .sort(),
  };
}

describe("update for what is looked up", () => {
  const pods = [web, db];
  const containers = [run, log, sql];
  const answerOf = (server: ContainerServer, name: string): string => {
    try {
      return server.lookupContainer(name).id;
    } catch (error) {
      return error instanceof KpodError ? `${error.code}: ${error.message}` : String(error);
    }
  };

  test.each([
    ["run"],
    ["web/log"],
    ["shop/db/sql"],
    ["db/run"],
    [run.id],
    [run.id.slice(0, 12)],
    ["k8s_sql_db_shop_u2_3"],
    ["web"],
    ["nobody"],
    ["it's me"],
    ["shop/"],
    [""],
  ])("%j means what it means among all", async (name) => {
    const directory = testdir(storeTree(pods, containers));
    const { server: all } = testServer(directory);
    await all.updateRecords();
    const { server } = testServer(directory);
    await server.updateRecords([name]);
    expect(answerOf(server, name)).toBe(answerOf(all, name));
  });

  test("loads what is meant and its pod, and nothing else", async () => {
    const { server } = testServer(testdir(storeTree(pods, containers)));
    await server.updateRecords(["web/log"]);
    expect(server.listContainers().map(({ id }) => id)).toEqual([log.id]);
    expect(server.listSandboxes().map(({ id }) => id)).toEqual([web.id]);
    await server.updateRecords();
    expect(server.listContainers()).toHaveLength(3);
    await server.updateRecords(["sql", run.id]);
    expect(new Set(server.listContainers().map(({ id }) => id))).toEqual(new Set([sql.id, run.id]));
  });

  test("a name that several have is as ambiguous as among all", async () => {
    const twin: TestContainer = { ...sql, id: testId("twin"), name: "run" };
    const directory = testdir(storeTree(pods, [...containers, twin]));
    const { server: all } = testServer(directory);
    await all.updateRecords();
    const { server } = testServer(directory);
    await server.updateRecords(["run"]);
    expect(answerOf(server, "run")).toMatch(/^AMBIGUOUS: /);
    expect(answerOf(server, "run")).toBe(answerOf(all, "run"));
  });
});

describe("update", () => {
  test("lists the pods and containers that the records name, newest first", async () => {
    const directory = testdir(storeTree([web, db], [run, log, sql]));
    writeFileSync(join(directory, `root/overlay-containers/${run.id}/userdata/exit`), "3");
    const { server, logger } = testServer(directory);
    await server.update();
    expect(summary(server)).toEqual({
      pods: [
        "k8s_db_shop_u2_2 NotReady: k8s_sql_db_shop_u2_3",
        "k8s_web_shop_u1_0 NotReady: k8s_log_web_shop_u1_0 k8s_run_web_shop_u1_0",
      ],
      containers: [
        "k8s_log_web_shop_u1_0 unknown ?",
        "k8s_run_web_shop_u1_0 stopped 3",
        "k8s_sql_db_shop_u2_3 unknown ?",
      ],
    });
    expect(server.listContainers().map(({ id }) => id)).toEqual([log.id, sql.id, run.id]);
    expect(logger.warnings).toEqual([]);

    const [pod, container] = [server.getSandbox(db.id), server.getContainer(sql.id)];
    expect(pod).toMatchObject({ kubeName: "db", namespace: "shop", uid: "u2", attempt: 2 });
    expect(container).toMatchObject({
      metadata: { name: "sql", attempt: 3 },
      sandboxId: db.id,
      imageName: "localhost/busybox:latest",
      imageId: testId("busybox"),
      layerId: testId(`layer of ${sql.id}`),
      dir: join(directory, `root/overlay-containers/${sql.id}/userdata`),
      bundlePath: join(directory, `runroot/overlay-containers/${sql.id}/userdata`),
      createdAt: new Date("2023-11-14T22:13:25Z"),
      infra: false,
    });
    expect(server.getContainer(run.id)?.labels).toEqual({ tier: "front" });
    expect(server.getSandbox(web.id)?.labels).toEqual({ app: "web" });
  });

  test("a second time changes nothing, and keeps the same objects", async () => {
    const { server, logger } = testServer(testdir(storeTree([web, db], [run, log, sql])));
    await server.update();
    const before = [summary(server), server.listContainers(), server.listSandboxes()];
    await server.update();
    expect([summary(server), server.listContainers(), server.listSandboxes()]).toEqual(before);
    for (const [index, container] of server.listContainers().entries())
      expect(container).toBe((before[1] as unknown[])[index]);
    expect(logger.warnings).toEqual([]);
  });

  test("picks up what was added, changed and removed since", async () => {
    const directory = testdir(storeTree([web], [run]));
    const { server, logger } = testServer(directory);
    await server.update();

    writeRecords(directory, [web, db].map(podRecord).concat([run, sql].map(containerRecord)));
    await server.update();
    expect(
      server
        .listContainers()
        .map(({ id }) => id)
        .sort(),
    ).toEqual([run.id, sql.id].sort());
    expect(server.getSandbox(db.id)?.containers()).toEqual([server.getContainer(sql.id)]);

    const renamed = { ...run, name: "walk" };
    writeRecords(directory, [web, db].map(podRecord).concat([renamed, sql].map(containerRecord)));
    await server.update();
    expect(server.lookupContainer("k8s_walk_web_shop_u1_0").id).toBe(run.id);
    expect((await failureOf(() => server.lookupContainer("k8s_run_web_shop_u1_0"))).code).toBe("NOT_FOUND");
    expect(server.getSandbox(web.id)?.containers()).toEqual([server.getContainer(run.id)]);
    expect(server.ctrNameIndex.getNames(run.id)).toEqual(["k8s_walk_web_shop_u1_0"]);

    const changedPod = { ...web, name: "site" };
    writeRecords(directory, [changedPod, db].map(podRecord).concat([renamed, sql].map(containerRecord)));
    await server.update();
    expect(server.lookupSandbox("site").containers()).toEqual([server.getContainer(run.id)]);

    writeRecords(directory, [podRecord(db)]);
    await server.update();
    expect(server.listContainers()).toEqual([]);
    expect(server.listSandboxes().map(({ id }) => id)).toEqual([db.id]);
    expect(server.getInfraContainer(web.id)).toBeUndefined();
    expect(server.ctrIdIndex.matches(run.id)).toEqual([]);
    expect(server.podIdIndex.matches(web.id)).toEqual([]);
    server.reserveContainerName("x", "k8s_walk_web_shop_u1_0");
    server.reservePodName("x", "k8s_site_shop_u1_0");
    expect(logger.warnings).toEqual([]);
  });

  test("reads a spec and a state anew", async () => {
    const directory = testdir(storeTree([web], [run]));
    const { server } = testServer(directory);
    await server.update();
    expect(server.getContainer(run.id)?.labels).toEqual({ tier: "front" });
    const userdata = join(directory, `root/overlay-containers/${run.id}/userdata`);
    const annotations = { "io.kubernetes.cri-o.Labels": '{"tier":"back"}' };
    writeFileSync(join(userdata, "config.json"), JSON.stringify({ annotations }));
    writeFileSync(join(userdata, "exit"), "7");
    await server.update();
    expect(server.getContainer(run.id)?.labels).toEqual({ tier: "back" });
    expect(server.getContainer(run.id)?.state?.exitCode).toBe(7);
  });

  test("without states asks no runtime", async () => {
    const { server, logger } = testServer(testdir(storeTree([web], [run])), {
      runtime: "/opt/none/runc",
      runtimes: {},
    });
    await server.updateRecords();
    expect(server.getContainer(run.id)?.state).toBeUndefined();
    expect(logger.warnings).toEqual([]);
    await server.update();
    expect(server.getContainer(run.id)?.state?.status).toBe("unknown");
    expect(logger.warnings).toEqual(["the OCI runtime /opt/none/runc is not there or cannot be executed"]);
  });
});

describe("a look", () => {
  test("writes nothing, at no place of the node", async () => {
    const directory = testdir({ ...storeTree([web, db], [run, log, sql]), "runtime/": null });
    const before = listing(directory);
    const { server } = testServer(directory);
    await server.update();
    for (const container of server.listContainers()) expect(container.spec).toBeDefined();
    for (const pod of server.listSandboxes()) expect(pod.hostNetwork).toBe(false);
    await server.update();
    expect(listing(directory)).toEqual(before);
  });

  test("works on a store that cannot be written", async () => {
    const directory = testdir(storeTree([web, db], [run, log, sql]));
    const { bind, remount, readonly } = mountFlags;
    mount({ source: directory, target: directory, flags: bind });
    try {
      mount({ source: "none", target: directory, flags: bind | remount | readonly });
      const { server, logger } = testServer(directory);
      await server.update();
      expect(server.listContainers()).toHaveLength(3);
      expect(server.lookupSandbox("web").labels).toEqual({ app: "web" });
      expect(logger.warnings).toEqual([]);
    } finally {
      unmount(directory);
    }
  });

  test("of a root that is not there warns, finds nothing, and makes nothing", async () => {
    const directory = testdir();
    const { server, logger } = testServer(directory);
    await server.update();
    await server.update();
    expect([server.listContainers(), server.listSandboxes()]).toEqual([[], []]);
    expect(logger.warnings).toEqual([`the storage root ${join(directory, "root")} does not exist`]);
    await server.shutdown();
    expect(existsSync(join(directory, "root"))).toBe(false);
    expect(listing(directory)).toHaveLength(1);
  });

  test("of records that cannot be read names their file", async () => {
    const directory = testdir({ ...storeTree([web], []), [recordsFile]: "[{" });
    const error = await failureOf(testServer(directory).server.update());
    expect(error.code).toBe("CORRUPT");
    expect(error.message).toContain(join(directory, recordsFile));
  });
});

describe("one sick pod or container leaves the others", () => {
  test("a spec that is missing or broken is told by whoever asks for it, and the lists are whole", async () => {
    const directory = testdir(storeTree([web, db], [run, log, sql]));
    rmSync(join(directory, `root/overlay-containers/${run.id}`), { recursive: true });
    writeFileSync(join(directory, `root/overlay-containers/${log.id}/userdata/config.json`), "{");
    rmSync(join(directory, `root/overlay-containers/${db.id}`), { recursive: true });
    const { server } = testServer(directory);
    await server.update();
    expect(server.listContainers()).toHaveLength(3);
    expect(server.listSandboxes()).toHaveLength(2);
    for (const id of [run.id, log.id]) {
      expect((await failureOf(() => server.getContainer(id)?.labels)).code).toBe("CORRUPT");
    }
    expect((await failureOf(() => server.getSandbox(db.id)?.labels)).code).toBe("CORRUPT");
    expect(server.lookupContainer("db/sql").labels).toEqual({});
  });

  test("a pod of which only its records and its running infra container are left is ready", async () => {
    const directory = testdir(storeTree([web], []));
    rmSync(join(directory, `root/overlay-containers/${web.id}`), { recursive: true });
    const { server } = testServer(directory);
    await server.update();
    const pod = server.lookupSandbox("web");
    expect((await failureOf(() => pod.state)).code).toBe("CORRUPT");
    const { infraContainer } = pod;
    if (infraContainer.state !== undefined) infraContainer.state.status = "running";
    expect(pod.state).toBe("Ready");
  });

  test("records that are not CRI-O's, or have no valid id, are passed over", async () => {
    const directory = testdir(storeTree([web], [run]));
    const records = JSON.parse(readFileSync(join(directory, recordsFile), "utf8")) as unknown[];
    writeRecords(directory, [
      { id: testId("podman"), names: ["podman"], metadata: '{"image-name":"x"}' },
      ...records,
      { id: "../../etc", metadata: containerRecord(run).metadata },
    ]);
    const { server, logger } = testServer(directory);
    await server.update();
    expect(server.listContainers().map(({ id }) => id)).toEqual([run.id]);
    expect(logger.warnings).toHaveLength(1);
    expect(logger.warnings[0]).toContain("without a valid id");
  });

  test("a container whose pod is gone is listed", async () => {
    const { server } = testServer(testdir(storeTree([], [run])));
    await server.update();
    expect(server.lookupContainer(run.id).name).toBe("k8s_run_web_shop_u1_0");
  });

  test("of two with one name the last has it, and the first is there by its id", async () => {
    const twins = {
      pod: { ...web, id: testId("web again") },
      run: { ...run, id: testId("run again") },
    };
    const directory = testdir(storeTree([web, twins.pod], [run, twins.run]));
    const { server, logger } = testServer(directory);
    await server.update();
    expect(server.listContainers().map(({ id }) => id)).toEqual([run.id, twins.run.id].sort());
    expect(server.listSandboxes().map(({ id }) => id)).toEqual([web.id, twins.pod.id].sort());
    const { name } = server.lookupContainer(run.id);
    expect(server.lookupContainer(name).id).toBe(twins.run.id);
    expect(server.ctrNameIndex.get(name)).toBe(twins.run.id);
    expect(server.lookupSandbox(server.lookupSandbox(web.id).name).id).toBe(twins.pod.id);
    // Names in Kubernetes may well be those of several.
    expect((await failureOf(() => server.lookupSandbox("web"))).code).toBe("AMBIGUOUS");
    expect(logger.warnings).toEqual([
      expect.stringMatching(
        `^${web.id.slice(0, 13)} and ${twins.pod.id.slice(0, 13)} have the same name: k8s_web_`,
      ),
      expect.stringMatching(
        `^${run.id.slice(0, 13)} and ${twins.run.id.slice(0, 13)} have the same name: k8s_run_`,
      ),
    ]);
    // Told once, and over when one of them goes.
    await server.update();
    expect(logger.warnings).toHaveLength(2);
    writeRecords(directory, [podRecord(web), containerRecord(run)]);
    await server.update();
    expect(server.lookupContainer(name).id).toBe(run.id);
    expect(server.lookupSandbox("web").id).toBe(web.id);
  });
});

describe("loading one by one", () => {
  test("adds only that one", async () => {
    const { server } = testServer(testdir(storeTree([web, db], [run, log])));
    await server.loadContainer(run.id);
    expect(server.listContainers().map(({ id }) => id)).toEqual([run.id]);
    await server.loadSandbox(web.id);
    await server.loadSandbox(web.id);
    expect(server.listSandboxes().map((pod) => pod.containers().length)).toEqual([1]);
  });

  test("does not take a pod for a container, nor what is not there", async () => {
    const { server } = testServer(testdir(storeTree([web], [run])));
    const failures = [
      server.loadContainer(web.id),
      server.loadSandbox(run.id),
      server.loadContainer(testId("none")),
      server.loadSandbox(testId("none")),
    ];
    for (const failure of failures) expect((await failureOf(failure)).code).toBe("NOT_FOUND");
    expect([server.listContainers(), server.listSandboxes()]).toEqual([[], []]);
  });
});

describe("state.json", () => {
  test("is taken over and persisted", async () => {
    const directory = testdir(storeTree([web], [run]));
    const file = join(directory, `root/overlay-containers/${run.id}/userdata/state.json`);
    writeFileSync(join(dirname(file), "exit"), "3");
    const { server } = testServer(directory);
    await server.update();
    const container = server.lookupContainer("run");
    expect(
      (
        await failureOf(() => {
          server.containerStateFromDisk(container);
        })
      ).code,
    ).toBe("NOT_FOUND");
    await server.containerStateToDisk(container);
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
      id: run.id,
      status: "stopped",
      exitCode: 3,
    });
    container.state = undefined;
    server.containerStateFromDisk(container);
    expect(container.state).toMatchObject({ id: run.id, status: "stopped", exitCode: 3 });
    const persisted = server.lookupContainer("run").state;
    if (persisted !== undefined) persisted.status = "unknown";
    expect((await failureOf(server.containerStateToDisk(container))).code).toBe("BAD_STATE");
    writeFileSync(file, "{");
    expect(
      (
        await failureOf(() => {
          server.containerStateFromDisk(container);
        })
      ).code,
    ).toBe("CORRUPT");
  });
});
