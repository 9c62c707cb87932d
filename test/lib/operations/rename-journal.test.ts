import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  abandonedJournals,
  beginJournal,
  containersInRename,
  journalDirectory,
} from "../../../src/lib/operations/rename-journal";
import type { StorageId } from "../../../src/lib/names/ids";
import { failureOf } from "../../helpers/failure";
import { testId } from "../../helpers/store-tree";
import { testdir } from "../../helpers/testdir";

const id = testId("renamed") as StorageId;
const brief = { timeoutMs: 1 };
const names = {
  from: { name: "old", metadata: { name: "old", attempt: 0 } },
  to: { name: "new", metadata: { name: "new", attempt: 0 } },
};

test("a rename that is under way is nobody else's, and one that was left is found once", async () => {
  const root = testdir();
  const journal = await beginJournal(root, id, names, brief);
  const [file = ""] = readdirSync(journalDirectory(root));
  expect(JSON.parse(readFileSync(join(journalDirectory(root), file), "utf8"))).toEqual(names);
  expect(await abandonedJournals(root, brief)).toEqual([]);
  expect(containersInRename(root)).toEqual([id]);
  journal.release();
  const found = await abandonedJournals(root, brief);
  expect(found.map((each) => each.id)).toEqual([id]);
  expect(await abandonedJournals(root, brief)).toEqual([]);
  for (const each of found) each.end();
  expect(existsSync(journalDirectory(root))).toBe(false);
});

test("an empty one tells of no rename, and goes", async () => {
  const root = testdir({ [`kpod/rename-${id}-0123456789ab.json`]: "" });
  expect(await abandonedJournals(root, brief)).toEqual([]);
  expect(existsSync(journalDirectory(root))).toBe(false);
});

test("who asks to end while one is waited for is not kept waiting", async () => {
  const root = testdir();
  const journal = await beginJournal(root, id, names, brief);
  const signal = AbortSignal.abort();
  const error = await failureOf(abandonedJournals(root, { timeoutMs: 0, signal }));
  expect(error.code).toBe("INTERRUPTED");
  journal.end();
});
