import { withUndo } from "../../../src/lib/launch/undo";
import { collectingLogger } from "../../helpers/collecting-logger";

test("work that is done keeps what it did", async () => {
  const done: string[] = [];
  const result = await withUndo(collectingLogger(), async (undo) => {
    undo.add("take it back", () => done.push("undone"));
    return Promise.resolve(7);
  });
  expect([result, done]).toEqual([7, []]);
});

test("work that fails is taken back, the last step first, each after the one before is done", async () => {
  const done: string[] = [];
  const failure = new Error("the third step");
  const work = withUndo(collectingLogger(), async (undo) => {
    undo.add("undo the first", () => done.push("first"));
    undo.add("undo the second", async () => {
      await new Promise((resolve) => setImmediate(resolve));
      done.push("second");
    });
    await Promise.reject(failure);
    undo.add("undo what was never done", () => done.push("third"));
  });
  await expect(work).rejects.toBe(failure);
  expect(done).toEqual(["second", "first"]);
});

test("a step that cannot be taken back is a warning, the others are, and the first failure is the one told", async () => {
  const done: string[] = [];
  const logger = collectingLogger();
  const failure = new Error("no space left");
  const work = withUndo(logger, async (undo) => {
    undo.add("remove the log", () => done.push("log"));
    undo.add("unmount the layer", () => {
      throw new Error("busy");
    });
    undo.add("end conmon", () => Promise.reject(new Error("gone")));
    await Promise.reject(failure);
  });
  await expect(work).rejects.toBe(failure);
  expect(done).toEqual(["log"]);
  expect(logger.warnings).toEqual([
    "could not end conmon after a failure: gone",
    "could not unmount the layer after a failure: busy",
  ]);
});
