import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { ifThere } from "../../../src/lib/errors";
import { imageEvent } from "../../../src/lib/events/changes";
import { eventJournalFiles, noteEvents } from "../../../src/lib/events/journal";
import { openJournalReader } from "../../../src/lib/events/journal-reader";
import { collectingLogger } from "../../helpers/collecting-logger";
import { testId } from "../../helpers/store-tree";
import { testdir } from "../../helpers/testdir";

const id = testId("image");
const logger = collectingLogger();

function note(runRoot: string, ...names: string[]): void {
  noteEvents(
    runRoot,
    names.map((name, index) => imageEvent("tag", id, name, index)),
    logger,
  );
}

function namesOf(reader: ReturnType<typeof openJournalReader>): string[] {
  return reader.read().map(({ name }) => name);
}

test("is read as it grows, with what there was", () => {
  const runRoot = join(testdir(), "not", "there", "yet");
  const reader = openJournalReader(runRoot, logger);
  expect(namesOf(reader)).toEqual([]);
  note(runRoot, "a", "b");
  expect(namesOf(reader)).toEqual(["a", "b"]);
  note(runRoot, "c");
  expect(namesOf(reader)).toEqual(["c"]);
  expect(namesOf(reader)).toEqual([]);
  const second = openJournalReader(runRoot, logger);
  expect(namesOf(second)).toEqual(["a", "b", "c"]);
  reader.close();
  second.close();
  expect(statSync(eventJournalFiles(runRoot).current).mode & 0o777).toBe(0o600);
});

test("is begun anew when it is long, and readers lose nothing", () => {
  const runRoot = testdir();
  const { current, before } = eventJournalFiles(runRoot);
  const reader = openJournalReader(runRoot, logger);
  const long = "x".repeat(20_000);
  const written: string[] = [];
  const read: string[] = [];
  for (let index = 0; index < 120; index++) {
    written.push(`${index}${long}`);
    note(runRoot, `${index}${long}`);
    if (index % 10 === 0) read.push(...namesOf(reader));
  }
  read.push(...namesOf(reader));
  reader.close();
  expect(read).toEqual(written);
  expect(statSync(before).size + statSync(current).size).toBeLessThan(2.2 * 1024 * 1024);
});

test("who still has the file of before open is heard", () => {
  const runRoot = testdir();
  const { current, before } = eventJournalFiles(runRoot);
  note(runRoot, "a");
  const reader = openJournalReader(runRoot, logger);
  expect(namesOf(reader)).toEqual(["a"]);
  writeFileSync(before, readFileSync(current));
  const late = JSON.stringify(imageEvent("tag", id, "late", 1));
  appendFileSync(before, `${late}\n`);
  expect(namesOf(reader)).toContain("late");
  reader.close();
});

test("a journal that is begun anew while it is read loses no line, and tells none twice", () => {
  const runRoot = testdir();
  const { current, before } = eventJournalFiles(runRoot);
  const begin = (...names: string[]): void => {
    renameSync(current, before);
    note(runRoot, ...names);
  };
  note(runRoot, "a");
  begin("b");
  const reader = openJournalReader(runRoot, logger);
  expect(namesOf(reader)).toEqual(["a", "b"]);
  // What was written last before it was begun anew twice, in files that have no name any more.
  note(runRoot, "b2");
  begin("c");
  begin("d");
  expect(namesOf(reader)).toEqual(["b2", "c", "d"]);
  begin("e");
  expect(namesOf(reader)).toEqual(["e"]);
  rmSync(before);
  expect(namesOf(reader)).toEqual([]);
  note(runRoot, "e2");
  expect(namesOf(reader)).toEqual(["e2"]);
  const descriptors = (): number => openFilesBelow(runRoot);
  expect(descriptors()).toBe(1);
  reader.close();
  expect(descriptors()).toBe(0);
});

/** How many files below a directory this process has open, those without a name among them. */
function openFilesBelow(directory: string): number {
  const links = readdirSync("/proc/self/fd").map((fd) => ifThere(() => readlinkSync(`/proc/self/fd/${fd}`)));
  return links.filter((path) => path?.startsWith(directory) === true).length;
}

test("a line that broke off takes no other with it", () => {
  const runRoot = testdir();
  const { current } = eventJournalFiles(runRoot);
  note(runRoot, "a");
  appendFileSync(current, '{"time":1,"type":"im');
  const reader = openJournalReader(runRoot, logger);
  expect(namesOf(reader)).toEqual(["a"]);
  note(runRoot, "b");
  expect(namesOf(reader)).toEqual(["b"]);
  truncateSync(current, 0);
  expect(namesOf(reader)).toEqual([]);
  note(runRoot, "c");
  expect(namesOf(reader)).toEqual(["c"]);
  reader.close();
});

test.each([
  ["no object", "17"],
  ["no id", { ...imageEvent("tag", "../../../etc", "a", 1) }],
  ["no time", { ...imageEvent("tag", id, "a", Number.MAX_VALUE) }],
  ["a time that no nanoseconds can tell", { ...imageEvent("tag", id, "a", 8.64e15) }],
  ["no status that is known", { ...imageEvent("tag", id, "a", 1), status: "explode" }],
  ["too much", imageEvent("tag", id, "y".repeat(40_000), 1)],
])("what has %s is passed over", (_, value) => {
  const runRoot = testdir();
  const line = typeof value === "string" ? value : JSON.stringify(value);
  writeFileSync(eventJournalFiles(runRoot).current, `${line}\n`);
  const reader = openJournalReader(runRoot, logger);
  expect(reader.read()).toEqual([]);
  reader.close();
});

test("labels of any size are left out of a line that would be too long", () => {
  const runRoot = testdir();
  const reader = openJournalReader(runRoot, logger);
  noteEvents(runRoot, [{ ...imageEvent("tag", id, "a", 1), labels: { big: "z".repeat(100_000) } }], logger);
  expect(reader.read()).toMatchObject([{ name: "a", labels: {} }]);
  reader.close();
});

test("a link in its place is not followed, and a warning says that it cannot be written", () => {
  const runRoot = testdir();
  const target = join(runRoot, "target");
  symlinkSync(target, eventJournalFiles(runRoot).current);
  const told = collectingLogger();
  noteEvents(runRoot, [imageEvent("tag", id, "a", 1)], told);
  expect(existsSync(target)).toBe(false);
  expect(told.warnings).toEqual([
    expect.stringMatching(/^who watches events may miss this one: .*ELOOP|symbolic/) as string,
  ]);
});
