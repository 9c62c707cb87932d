import { join } from "node:path";
import type { LogOptions } from "../../../src/lib/operations/logs";
import { data } from "../../helpers/captured-stores";
import { failureOf } from "../../helpers/failure";
import { testServer } from "../../helpers/server";
import { storeTree, testId, type TestContainer, type TestPod } from "../../helpers/store-tree";
import { testdir, writeTree, type Tree } from "../../helpers/testdir";
import { readTexts } from "../logs/log-text";

const pod: TestPod = { id: testId("pod"), name: "web", namespace: "shop", uid: "u1" };
const podAgain: TestPod = { ...pod, id: testId("pod again"), attempt: 1 };

function line(text: string, stream = "stdout"): string {
  return `2026-11-23T10:41:25.716719586+00:00 ${stream} F ${text}\n`;
}

/** A node with the attempts of a container, each with a log as the kubelet names it. */
function makeNode(attempts: readonly Partial<TestContainer>[], logs: Tree) {
  const directory = testdir();
  const containers = attempts.map((more, index): TestContainer => ({
    id: testId(`container ${index}`),
    pod,
    name: "run",
    ...more,
    annotations: {
      "io.kubernetes.cri-o.LogPath": join(directory, `logs/shop_web_u1/run/${more.attempt ?? 0}.log`),
      ...more.annotations,
    },
  }));
  writeTree(directory, storeTree([pod, podAgain], containers));
  writeTree(directory, logs);
  return { ...testServer(directory), directory, ids: containers.map(({ id }) => id) };
}

async function textsOf({ server }: ReturnType<typeof makeNode>, id = "", options: LogOptions = {}) {
  await server.updateRecords();
  const texts: string[] = [];
  for await (const { text } of server.getLogs(id, options)) texts.push(text.toString());
  return texts;
}

describe("the attempt before", () => {
  const logs = {
    "logs/shop_web_u1/run/0.log": line("zero"),
    "logs/shop_web_u1/run/1.log": line("one"),
    "logs/shop_web_u1/run/1.log.20260101-000000": line("rotated one"),
    "logs/shop_web_u1/run/3.log": line("three"),
  };
  const previous = { previous: true };

  test("is the newest before of the same name in the same pod, also when that was made anew", async () => {
    const node = makeNode(
      [
        { attempt: 0 },
        { attempt: 1, pod: podAgain },
        { attempt: 3, pod: podAgain },
        { attempt: 2, name: "other" },
      ],
      logs,
    );
    expect(await textsOf(node, node.ids[2], previous)).toEqual(["rotated one", "one"]);
    expect(await textsOf(node, node.ids[1], previous)).toEqual(["zero"]);
    expect(await textsOf(node, node.ids[2])).toEqual(["three"]);
  });

  test("may be gone but for its log", async () => {
    const node = makeNode([{ attempt: 3 }], logs);
    expect(await textsOf(node, node.ids[0], previous)).toEqual(["rotated one", "one"]);
    // Nobody writes to it any more.
    expect(await textsOf(node, node.ids[0], { ...previous, follow: true, tail: 1 })).toEqual(["one"]);
  });

  test("an attempt is found by its number, also where its log alone is left", async () => {
    const node = makeNode([{ attempt: 2 }, { attempt: 3 }], {
      ...logs,
      "logs/shop_web_u1/run/2.log": line("two"),
    });
    for (const [attempt, texts] of [
      [0, ["zero"]],
      [1, ["rotated one", "one"]],
      [2, ["two"]],
      [3, ["three"]],
    ] as const) {
      expect(await textsOf(node, node.ids[1], { attempt })).toEqual(texts);
    }
    expect(await failureOf(textsOf(node, node.ids[1], { attempt: 7 }))).toMatchObject({
      code: "NOT_FOUND",
      message: "container run has no attempt 7",
      hint: "on this node there is 0, 1, 2, 3",
    });
  });

  test.each([
    ["there was none", [{ attempt: 0 }], logs],
    ["its log is gone too", [{ attempt: 3 }], { "logs/shop_web_u1/run/3.log": line("three") }],
    [
      "the log has a name of its own",
      [{ attempt: 3, annotations: { "io.kubernetes.cri-o.LogPath": "/var/log/x.log" } }],
      logs,
    ],
  ])("%s", async (_, attempts, tree) => {
    const node = makeNode(attempts, tree);
    expect(await failureOf(textsOf(node, node.ids[0], previous))).toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringMatching(
        /^nothing is left of an attempt before container k8s_run_web_shop_u1_/,
      ) as string,
    });
  });
});

test("details are the labels, where they are asked for", async () => {
  const node = makeNode([{ labels: { app: "web" } }], { "logs/shop_web_u1/run/0.log": line("a") });
  await node.server.updateRecords();
  const [id = ""] = node.ids;
  expect((await node.server.getLogs(id, { details: true }).next()).value).toMatchObject({
    details: { app: "web" },
  });
  expect((await node.server.getLogs(id).next()).value).not.toHaveProperty("details");
});

test("one who wants no more lines of a log that is followed can leave", async () => {
  const node = makeNode([{}], { "logs/shop_web_u1/run/0.log": line("a") + line("b", "stderr") });
  await node.server.updateRecords();
  for await (const { text } of node.server.getLogs(node.ids[0] ?? "", { follow: true })) {
    expect(text.toString()).toBe("a");
    break;
  }
});

test("a container that has no log, and one that is not there", async () => {
  const node = makeNode([{}], {});
  expect(await failureOf(textsOf(node, node.ids[0]))).toMatchObject({ code: "NOT_FOUND" });
  expect(await failureOf(textsOf(node, "nothere"))).toMatchObject({ code: "NOT_FOUND" });
});

// Real logs of CRI-O's conmon, old and new. They are not part of the repository; these tests are skipped where
// KPOD_CRIO_DATA does not name the directory that holds them.
const describeData = data === "" ? describe.skip : describe;

describeData("captured logs", () => {
  const read = (...names: string[]): Promise<string[]> => readTexts(join(data, ...names));

  test("of CRI-O 1.0, without tags", async () => {
    const texts = await read("v1.0.0/LOGS/log");
    expect(texts.slice(0, 2)).toEqual(["out:out line 1", "err:err line 1"]);
    expect(texts.slice(-3)).toEqual(["out:partial rest", "out:", "out:  indented  two spaces"]);
  });

  test("of CRI-O 1.36, with pieces of 8 KiB and a line that was never ended", async () => {
    const [long = ""] = await read("v1.36.3/logs/refns_web_uid-web-1/long/0.log");
    expect(long).toBe(`out:${"abcdefgh".repeat(4096)}`);
    expect(await read("v1.36.3/logs/refns_web_uid-web-1/run/0.log")).toEqual([
      "out:hello out",
      "err:hello err",
      "out:partial~",
    ]);
  });
});
