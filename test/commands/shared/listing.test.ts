import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { containerJson } from "../../../src/commands/ps/json";
import { podJson } from "../../../src/commands/pod/ps/rows";
import { openListing, textOfPresent } from "../../../src/commands/shared/listing";
import { containerData } from "../../../src/lib/operations/container-data";
import { podData } from "../../../src/lib/operations/pod-data";
import { nodeInfo } from "../../../src/lib/operations/info";
import { containerSizes } from "../../../src/lib/operations/sizes";
import { failureOf } from "../../helpers/failure";
import { startLocker } from "../../helpers/record-lock";
import { testServer, type TestServer } from "../../helpers/server";
import { storeTree, testId, type TestContainer, type TestPod } from "../../helpers/store-tree";
import { testdir } from "../../helpers/testdir";

const stays: TestPod = { id: testId("stays", "aa"), name: "stays", namespace: "ns", uid: "u1" };
const goes: TestPod = { id: testId("goes", "bb"), name: "goes", namespace: "ns", uid: "u2" };
const kept: TestContainer = { id: testId("kept", "c1"), pod: stays, name: "kept" };
const gone: TestContainer = { id: testId("gone", "c2"), pod: goes, name: "gone" };

let node: TestServer;

/** The library knows of two pods with a container each when somebody removes the second of both. */
beforeEach(async () => {
  const directory = testdir(storeTree([stays, goes], [kept, gone]));
  node = testServer(directory);
  await node.server.updateRecords();
  const place = join(directory, "root/overlay-containers");
  const file = join(place, "containers.json");
  const records = JSON.parse(readFileSync(file, "utf8")) as { id: string }[];
  writeFileSync(file, JSON.stringify(records.filter(({ id }) => id !== gone.id && id !== goes.id)));
  for (const { id } of [gone, goes]) rmSync(join(place, id), { recursive: true });
});

test("lists leave out what vanished while they were made, without a word", async () => {
  const { server, logger } = node;
  const source = openListing(server, { logger, noTrunc: true });
  const containers = server.listContainers();
  source.sizes = await containerSizes(server, containers);
  const shown = textOfPresent(source, containers, (present) =>
    JSON.stringify(present.map((container) => containerJson(source, container, { namespaces: false }))),
  );
  expect(JSON.parse(shown)).toMatchObject([{ id: kept.id }]);
  const pods = textOfPresent(source, server.listSandboxes(), (present) =>
    JSON.stringify(present.map((pod) => podJson(source, pod))),
  );
  expect(JSON.parse(pods)).toMatchObject([{ id: stays.id }]);
  expect(logger.warnings.filter((line) => !line.includes("kept"))).toEqual([]);
});

/** What a list, the look at one and the count of all warn of. */
async function warningsOf({ server, logger }: TestServer): Promise<{ ids: string[]; warnings: string[] }> {
  const source = openListing(server, { logger, noTrunc: true });
  const ids: string[] = [];
  textOfPresent(source, server.listContainers(), (present) => {
    ids.splice(0, ids.length, ...present.map(({ id }) => id));
    return JSON.stringify(present.map((each) => containerJson(source, each, { namespaces: false })));
  });
  textOfPresent(source, server.listSandboxes(), (present) => {
    return JSON.stringify(present.map((pod) => podJson(source, pod)));
  });
  for (const { id } of server.listContainers().filter((each) => ids.includes(each.id))) {
    await containerData(server, id, false);
  }
  for (const { id } of server.listSandboxes()) await podData(server, id);
  await nodeInfo(server);
  return { ids: ids.sort(), warnings: logger.warnings.filter((line) => line.includes("config.json")) };
}

describe("a spec that is missing", () => {
  const pod: TestPod = { id: testId("young", "dd"), name: "young", namespace: "ns", uid: "u3" };
  const container: TestContainer = { id: testId("young run", "d1"), pod, name: "run" };

  /** A pod with a container, without their specs; both were made so many seconds ago. */
  async function without(seconds: number): Promise<{ fixture: TestServer; place: (id: string) => string }> {
    const directory = testdir(storeTree([pod], [container]));
    const file = join(directory, "root/overlay-containers/containers.json");
    const records = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>[];
    const created = new Date(Date.now() - seconds * 1000).toISOString();
    writeFileSync(file, JSON.stringify(records.map((record) => ({ ...record, created }))));
    const place = (id: string): string => join(directory, "root/overlay-containers", id, "userdata");
    for (const { id } of [pod, container]) rmSync(join(place(id), "config.json"));
    const fixture = testServer(directory);
    await fixture.server.updateRecords();
    return { fixture, place };
  }

  test("of what is just being made is no fault", async () => {
    const { fixture } = await without(2);
    expect(await warningsOf(fixture)).toEqual({ ids: [container.id], warnings: [] });
  });

  test("of what somebody removes at this moment, neither", async () => {
    const { fixture, place } = await without(1_000);
    const { server } = fixture;
    rmSync(place(container.id), { recursive: true });
    const locker = startLocker(server.store.layout.containersLock);
    expect(await locker.lock("posix", "write")).toBe(true);
    const source = openListing(server, { logger: fixture.logger, noTrunc: true });
    expect(
      textOfPresent(source, server.listContainers(), (present) =>
        JSON.stringify(present.map((each) => containerJson(source, each, { namespaces: false }))),
      ),
    ).toBe("[]");
    expect(fixture.logger.warnings.filter((line) => line.includes("config.json"))).toEqual([]);
    // When nobody is at it any more, and the record still there, it was removed by half.
    await locker.unlock("posix");
    expect((await warningsOf(fixture)).warnings.join()).toContain(
      `${place(container.id)}/config.json is missing`,
    );
  });

  test.each<[string, number, boolean]>([
    ["of one that was made long ago", 1_000, false],
    ["of one that has a state", 2, true],
  ])("%s is told", async (_, seconds, hasState) => {
    const { fixture, place } = await without(seconds);
    if (hasState) for (const { id } of [pod, container]) writeFileSync(join(place(id), "state.json"), "{}");
    const { ids, warnings } = await warningsOf(fixture);
    expect(ids).toEqual([container.id]);
    for (const { id } of [pod, container]) {
      expect(warnings.join()).toContain(`${place(id)}/config.json is missing`);
    }
  });
});

test("inspecting it ends with the error for what does not exist", async () => {
  const { server, logger } = node;
  for (const failure of [
    failureOf(containerData(server, gone.id, false)),
    failureOf(podData(server, goes.id)),
  ]) {
    const { code, message } = await failure;
    expect([code, message]).toEqual(["NOT_FOUND", expect.stringMatching(/not found: ID does not exist$/)]);
  }
  expect(logger.warnings).toEqual([]);
});
