import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  abandonedJournals,
  beginJournal,
  journalDirectory,
} from "../../../src/lib/operations/rename-journal";
import type { StorageId } from "../../../src/lib/storage/ids";
import { testId } from "../../helpers/store-tree";
import { testdir } from "../../helpers/testdir";

const id = testId("renamed") as StorageId;
const names = {
  from: { name: "old", metadata: { name: "old", attempt: 0 } },
  to: { name: "new", metadata: { name: "new", attempt: 0 } },
};

test("a rename that is under way is nobody else's, and one that was left is found once", async () => {
  const root = testdir();
  const journal = await beginJournal(root, id, names);
  const [file = ""] = readdirSync(journalDirectory(root));
  expect(JSON.parse(readFileSync(join(journalDirectory(root), file), "utf8"))).toEqual(names);
  expect(await abandonedJournals(root, 1)).toEqual([]);
  journal.release();
  const found = await abandonedJournals(root, 1);
  expect(found.map((each) => each.id)).toEqual([id]);
  expect(await abandonedJournals(root, 1)).toEqual([]);
  for (const each of found) each.end();
  expect(existsSync(journalDirectory(root))).toBe(false);
});

test("an empty one tells of no rename, and goes", async () => {
  const root = testdir({ [`kpod/rename-${id}-0123456789ab.json`]: "" });
  expect(await abandonedJournals(root, 1)).toEqual([]);
  expect(existsSync(journalDirectory(root))).toBe(false);
});
