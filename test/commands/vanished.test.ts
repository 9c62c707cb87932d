import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { containerJson } from "../../src/commands/container-json";
import { podJson } from "../../src/commands/pod-rows";
import { openRowSource, textOfPresent } from "../../src/commands/row-source";
import { containerData } from "../../src/lib/operations/container-data";
import { podData } from "../../src/lib/operations/pod-data";
import { containerSizes } from "../../src/lib/operations/sizes";
import { failureOf } from "../helpers/failure";
import { testServer, type TestServer } from "../helpers/server";
import { storeTree, testId, type TestContainer, type TestPod } from "../helpers/store-tree";
import { testdir } from "../helpers/testdir";

const stays: TestPod = { id: testId("stays", "aa"), name: "stays", namespace: "ns", uid: "u1" };
const goes: TestPod = { id: testId("goes", "bb"), name: "goes", namespace: "ns", uid: "u2" };
const kept: TestContainer = { id: testId("kept", "c1"), pod: stays, name: "kept" };
const gone: TestContainer = { id: testId("gone", "c2"), pod: goes, name: "gone" };

let node: TestServer;

/** The library knows of two pods with a container each when somebody removes the second of both. */
beforeEach(async () => {
  const directory = testdir(storeTree([stays, goes], [kept, gone]));
  node = testServer(directory);
  await node.server.update({ states: false });
  const place = join(directory, "root/overlay-containers");
  const file = join(place, "containers.json");
  const records = JSON.parse(readFileSync(file, "utf8")) as { id: string }[];
  writeFileSync(file, JSON.stringify(records.filter(({ id }) => id !== gone.id && id !== goes.id)));
  for (const { id } of [gone, goes]) rmSync(join(place, id), { recursive: true });
});

test("lists leave out what vanished while they were made, without a word", async () => {
  const { server, logger } = node;
  const source = openRowSource(server, { logger, noTrunc: true });
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
