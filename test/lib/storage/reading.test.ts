import { once } from "node:events";
import { join } from "node:path";
import { setImmediate as immediate } from "node:timers/promises";
import { finish, startProcess } from "../../helpers/process";
import { startLocker } from "../../helpers/record-lock";
import { testServer } from "../../helpers/server";
import {
  containerRecord,
  podRecord,
  testId,
  type TestContainer,
  type TestPod,
} from "../../helpers/store-tree";
import { testdir } from "../../helpers/testdir";

const before = 2_000;
const added = 200;

/** A store with thousands of volatile records, and its lock file. */
function bigStore(): { directory: string; file: string; lock: string } {
  const pod: TestPod = { id: testId("pod"), name: "web", namespace: "shop", uid: "u" };
  const containers = Array.from({ length: before }, (_, number): TestContainer => {
    const name = `ctr${number}`;
    return { id: testId(name), pod, name };
  });
  const records = [...containers.map(containerRecord), podRecord(pod)];
  const directory = testdir({
    "root/overlay-containers/volatile-containers.json": JSON.stringify(records),
    "root/overlay-containers/containers.lock": "",
    "runtime/": null,
  });
  const place = (name: string): string => join(directory, "root/overlay-containers", name);
  return { directory, file: place("volatile-containers.json"), lock: place("containers.lock") };
}

test("thousands of records are never read by half while another program writes one after the other", async () => {
  const { directory, file, lock } = bigStore();
  const { server, logger } = testServer(directory);
  const writer = startProcess(process.execPath, [
    join(__dirname, "../../helpers/record-writer.cjs"),
    ...[file, lock, String(added)],
  ]);
  const done = finish(writer, "the writer");
  await once(writer.stdout, "data");
  const counts: number[] = [];
  while (writer.exitCode === null) {
    await server.updateRecords();
    counts.push(server.listContainers().length);
    // Where nothing has to be waited for, the end of the writer would never be noticed.
    await immediate();
  }
  expect((await done).exitCode).toBe(0);
  await server.updateRecords();
  counts.push(server.listContainers().length);
  // Each look saw all of before, and what had come until then.
  expect(counts).toEqual([...counts].sort((a, b) => a - b));
  expect(counts[0]).toBeGreaterThanOrEqual(before);
  expect(counts.at(-1)).toBe(before + added);
  // Some of them in the middle of it.
  expect(counts.some((count) => count > before && count < before + added)).toBe(true);
  // Having to wait for the writer is all that may be said.
  expect(logger.warnings.filter((message) => !message.startsWith("waiting for "))).toEqual([]);
}, 60_000);

test("the lock is free again as soon as the records are read", async () => {
  const { directory, lock } = bigStore();
  const { server } = testServer(directory);
  const locker = startLocker(lock);
  const records = await server.store.containers();
  expect(records).toHaveLength(before + 1);
  expect(await locker.lock("posix", "write")).toBe(true);
  await locker.unlock("posix");
});
