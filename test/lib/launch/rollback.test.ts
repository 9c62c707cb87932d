import { withRollback } from "../../../src/lib/launch/rollback";
import { collectingLogger } from "../../helpers/collecting-logger";

test("work that is done keeps what it did", async () => {
  const done: string[] = [];
  const result = await withRollback(collectingLogger(), async (rollback) => {
    rollback.add("undo it", () => done.push("undone"));
    return Promise.resolve(7);
  });
  expect([result, done]).toEqual([7, []]);
});

test("work that fails is rolled back, the last step first, each after the one before is done", async () => {
  const done: string[] = [];
  const failure = new Error("the third step");
  const work = withRollback(collectingLogger(), async (rollback) => {
    rollback.add("undo the first", () => done.push("first"));
    rollback.add("undo the second", async () => {
      await new Promise((resolve) => setImmediate(resolve));
      done.push("second");
    });
    await Promise.reject(failure);
    rollback.add("undo what was never done", () => done.push("third"));
  });
  await expect(work).rejects.toBe(failure);
  expect(done).toEqual(["second", "first"]);
});

test("a step that cannot be rolled back is a warning, the others are, and the first failure is the one told", async () => {
  const done: string[] = [];
  const logger = collectingLogger();
  const failure = new Error("no space left");
  const work = withRollback(logger, async (rollback) => {
    rollback.add("remove the log", () => done.push("log"));
    rollback.add("unmount the layer", () => {
      throw new Error("busy");
    });
    rollback.add("end conmon", () => Promise.reject(new Error("gone")));
    await Promise.reject(failure);
  });
  await expect(work).rejects.toBe(failure);
  expect(done).toEqual(["log"]);
  expect(logger.warnings).toEqual([
    "could not end conmon after a failure: gone",
    "could not unmount the layer after a failure: busy",
  ]);
});
