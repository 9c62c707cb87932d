import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { chooseMappings, parseUserNamespace } from "../../../src/lib/launch/user-range";
import type { StorageId } from "../../../src/lib/names/ids";
import type { ContainerRecord } from "../../../src/lib/storage/records";
import { failureOf } from "../../helpers/failure";
import { testdir } from "../../helpers/testdir";

const range = (containerID: number, hostID: number, size: number) => ({ containerID, hostID, size });

const requests: [text: string, wanted: unknown][] = [
  ["auto", { size: 65_536 }],
  ["auto:size=1024", { size: 1024 }],
  ["0:200000:65536", { ranges: [range(0, 200_000, 65_536)] }],
  ["0:200000:1000,1000:300000:10", { ranges: [range(0, 200_000, 1000), range(1000, 300_000, 10)] }],
];
const otherWords = ["", "keep-id", "auto:", "auto:size=x", "0:1", "0:1:2:3", "0:-1:2", "0:1:2,"];

test.each([...requests, ...otherWords.map((text): [string, unknown] => [text, undefined])])(
  "%j is read",
  (text, wanted) => {
    expect(parseUserNamespace(text)).toEqual(wanted);
  },
);

test.each([
  ["auto:size=0", "of 0 users"],
  ["0:5:0", "no users"],
  ["0:0:1", "root on the node"],
  ["1:5:1", "no root inside"],
  ["0:5:4,3:20:4", "the same inside"],
  ["0:5:4,4:8:4", "the same on the node"],
  ["0:4294967290:10", "no user above"],
  ["0:9999999999:1", "no user above"],
])("%s cannot be", async (text, why) => {
  expect((await failureOf(() => parseUserNamespace(text))).message).toContain(why);
});

describe("ranges that are chosen", () => {
  let files: { uids: string; gids: string };

  beforeEach(() => {
    const directory = testdir();
    files = { uids: join(directory, "subuid"), gids: join(directory, "subgid") };
    writeFileSync(files.uids, "app:1:5\n# containers:1:2\ncontainers:1000:100\ncontainers:5000:3000\n");
    writeFileSync(files.gids, "containers:90000:4000\n");
  });

  const record = (uid: number, gid: number, size: number): ContainerRecord => ({
    id: "a".repeat(64) as StorageId,
    uidmap: [{ container_id: 0, host_id: uid, size }],
    gidmap: [{ container_id: 0, host_id: gid, size }],
  });

  test("are those of the user containers, beside what others have", () => {
    expect(chooseMappings({ size: 100 }, [], files)).toEqual({
      uids: [range(0, 1000, 100)],
      gids: [range(0, 90_000, 100)],
    });
    const taken = [
      record(1050, 90_500, 10),
      record(5000, 90_100, 400),
      { id: record(0, 0, 1).id, uidmap: 7 },
    ];
    expect(chooseMappings({ size: 100 }, taken, files)).toEqual({
      uids: [range(0, 5400, 100)],
      gids: [range(0, 90_000, 100)],
    });
    expect(chooseMappings({ size: 1000 }, taken, files).gids).toEqual([range(0, 90_510, 1000)]);
  });

  test("are never those of the node's root", () => {
    writeFileSync(files.uids, "containers:0:100\n");
    expect(chooseMappings({ size: 10 }, [], files).uids).toEqual([range(0, 1, 10)]);
  });

  test("where there are none it is said what to do", async () => {
    expect(await failureOf(() => chooseMappings({ size: 3001 }, [], files))).toMatchObject({
      code: "UNSUPPORTED",
      message: `${files.uids} gives the user containers no 3001 ids that nobody has yet`,
    });
    writeFileSync(files.gids, "");
    expect(await failureOf(() => chooseMappings({ size: 10 }, [], files))).toMatchObject({
      message: `${files.gids} gives the user containers no ids for user namespaces`,
      hint: expect.stringContaining("--userns 0:200000:65536") as string,
    });
  });
});
