import { completesAt } from "../../../src/program/completion/answer/answer";
import { commands } from "../../../src/program/command-list";
import { templateContainer } from "../../../src/commands/ps/template";
import { imageRows } from "../../../src/commands/images/rows";
import { templateView } from "../../../src/commands/shared/template-view";
import { templatePod } from "../../../src/commands/pod/ps/template";
import { openListing } from "../../../src/commands/shared/listing";
import { templateFields } from "../../../src/commands/stats/rows";
import { newStorageId } from "../../../src/lib/names/ids";
import { sandboxFilterKeys } from "../../../src/lib/operations/filter-sandboxes";
import { containerFilterKeys } from "../../../src/lib/operations/filter-containers";
import { nodeInfo } from "../../../src/lib/operations/info";
import { completionIds, completionStore } from "../../helpers/completion-store";
import { testServer, type TestServer } from "../../helpers/server";
import { testdir } from "../../helpers/testdir";

async function loaded(): Promise<TestServer> {
  const test = testServer(testdir(completionStore()));
  await test.server.updateRecords();
  return test;
}

function offered(...place: string[]): unknown {
  const completes = completesAt(commands, place);
  return typeof completes === "object" && "fields" in completes ? completes.fields : completes;
}

test("the fields that are offered are those that templates know", async () => {
  const { server, logger } = await loaded();
  const source = openListing(server, { logger, noTrunc: false });
  const container = server.lookupContainer(completionIds.cache);
  expect(offered("ps", "--format")).toEqual(Object.keys(templateContainer(source, container)));
  const pod = server.lookupSandbox(completionIds.shop);
  expect(offered("pod", "ps", "--format")).toEqual(Object.keys(templatePod(source, pod)));
  const row = { id: "", name: "", podId: "", podName: "", podNamespace: "", stats: noStats };
  expect(offered("stats", "--format")).toEqual(
    Object.keys(templateFields(row, { pod: false, noTrunc: true })),
  );
});

test("those of images and info, too", async () => {
  const image = {
    id: newStorageId(),
    names: [],
    digest: "",
    created: undefined,
    size: undefined,
    labels: {},
  };
  const [row = {}] = imageRows(image, { noTrunc: false, now: 0 });
  expect(offered("images", "--format")).toEqual(Object.keys(row));
  const { server } = await loaded();
  const view = templateView(await nodeInfo(server)) as object;
  expect(Object.getOwnPropertyNames(view)).toEqual(
    expect.arrayContaining(offered("info", "--format") as string[]),
  );
});

const noStats = {
  cpu: undefined,
  cpuTime: undefined,
  memUsage: undefined,
  memLimit: undefined,
  memPerc: undefined,
  netInput: undefined,
  netOutput: undefined,
  blockInput: undefined,
  blockOutput: undefined,
  pids: undefined,
  oomKills: undefined,
  pressure: undefined,
};

test.each([
  ["ps", containerFilterKeys],
  ["pod ps", sandboxFilterKeys],
] as const)("the filters of %s that are offered are those that there are", (name, keys) => {
  const command = commands.find(({ path }) => path.join(" ") === name);
  const completes = command?.flags.filter?.completes;
  expect(completes).toHaveProperty("filters");
  const filters = typeof completes === "object" && "filters" in completes ? completes.filters : {};
  expect(Object.keys(filters).sort()).toEqual([...keys].sort());
});
