import { findRecords } from "../../../src/lib/storage/records";

const id = (digit: string): string => digit.repeat(64);
const record = (digit: string, name: string, more: object = {}): object => ({
  id: id(digit),
  names: [name],
  metadata: JSON.stringify({ "pod-id": id("9"), "metadata-name": name }),
  ...more,
});
const bytesOf = (...records: object[]): Buffer => Buffer.from(JSON.stringify(records));
const idsIn = (bytes: Buffer, text: string): string[] | undefined =>
  findRecords(bytes, text)?.map((found) => found.id);

const three = bytesOf(record("a", "web"), record("b", "cache"), record("c", "web-2"));

test.each([
  ["web", ["a", "c"]],
  ["cache", ["b"]],
  ["web-2", ["c"]],
  [id("b"), ["b"]],
  [`{"id":"${id("a")}"`, ["a"]],
  ["nobody", []],
  [id("9"), ["a", "b", "c"]],
])("records in which %s occurs", (text, digits) => {
  expect(idsIn(three, text)).toEqual(digits.map(id));
});

test.each([
  ["empty", ""],
  ["without records", "[]"],
  ["a list and a line end", "[]\n"],
])("a file that is %s holds none", (_, text) => {
  expect(findRecords(Buffer.from(text), "web")).toEqual([]);
});

test("a text that looks like a record within a record is not taken for one", () => {
  const evil = record("a", "x", { note: `},{"id":"${id("b")}","names":["web"]}` });
  expect(idsIn(bytesOf(evil, record("c", "y")), "web")).toEqual([id("a")]);
});

test.each([
  ["is indented", JSON.stringify([record("a", "web")], undefined, 2)],
  ["begins otherwise", JSON.stringify([{ names: ["web"], id: id("a") }])],
  ["is no list", JSON.stringify(record("a", "web"))],
  ["is cut off", JSON.stringify([record("a", "web")]).slice(0, -3)],
  ["has an id that is none", JSON.stringify([{ id: "../etc", names: ["web"] }])],
  ["has records within records", JSON.stringify([record("a", "x", { old: [{ id: "1", names: ["web"] }] })])],
  ["is no JSON", `[{"id":"${id("a")}","names":[web]}]`],
])("a file that %s has to be parsed", (_, text) => {
  expect(findRecords(Buffer.from(text), "web")).toBeUndefined();
});

test("what is written in other letters is found, too", () => {
  expect(idsIn(bytesOf(record("a", "grün"), record("b", "web")), "web")).toEqual([id("b")]);
});
