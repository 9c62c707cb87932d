import { execFileSync } from "node:child_process";
import { appendFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Journal, readJournals, unfinishedIn } from "../../../src/lib/doctor/mend/journal";
import { testdir } from "../../helpers/testdir";

const finding = "storage.link-lost:0123456789ab";

function begun(): { config: { kpodStateDir: string; root: string }; number: number } {
  const config = { kpodStateDir: testdir({}), root: "/root" };
  const journal = Journal.begin(config);
  const number = journal.beginEntry(finding, "mend it", []);
  journal.close();
  return { config, number };
}

function only(config: { kpodStateDir: string }): ReturnType<typeof readJournals>[number] {
  const [journal, ...others] = readJournals(config);
  if (journal === undefined || others.length > 0) throw new Error("there is not one journal");
  return journal;
}

test("one in which nothing was begun is not left behind", () => {
  const config = { kpodStateDir: testdir({}), root: "/root" };
  Journal.begin(config).close();
  expect(readdirSync(join(config.kpodStateDir, "doctor"))).toEqual([]);
});

// The root of a tmpfs, the directory of all journals and that of this one are three files.
test.each([
  ["file of its lock", "nr_inodes=3"],
  ["file", "nr_inodes=4"],
])("of one whose %s has no room nothing is left behind", (_, room) => {
  const kpodStateDir = testdir({});
  execFileSync("mount", ["-t", "tmpfs", "-o", room, "kpod-test", kpodStateDir]);
  try {
    expect(() => Journal.begin({ kpodStateDir, root: "/root" })).toThrow("no space left on device");
    expect(readdirSync(join(kpodStateDir, "doctor"))).toEqual([]);
  } finally {
    execFileSync("umount", [kpodStateDir]);
  }
});

test("a line that was cut is none, also when somebody goes on", () => {
  const { config, number } = begun();
  const text = only(config);
  appendFileSync(join(text.directory, "journal.jsonl"), '{"before":0,"st');
  expect(unfinishedIn(only(config)).map((entry) => entry.finding)).toEqual([finding]);
  const journal = Journal.resume(text);
  journal?.end(number);
  journal?.close();
  expect(only(config).entries).toMatchObject([{ finding, ended: true, undone: false }]);
});

test("who goes on with a journal finds what others did since it was read", () => {
  const { config, number } = begun();
  const text = only(config);
  const first = Journal.resume(text);
  expect(Journal.resume(text)).toBeUndefined();
  first?.end(number);
  first?.close();
  const second = Journal.resume(text);
  expect(second?.entries).toMatchObject([{ finding, ended: true }]);
  second?.close();
});
