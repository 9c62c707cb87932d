import { readYaml, writeYaml } from "../../../src/lib/kube/yaml";
import { failureOf } from "../../helpers/failure";

const valuesOf = async (text: string): Promise<unknown[]> =>
  (await readYaml(text, "a.yaml")).map(({ value }) => value);
const refusalOf = async (text: string): Promise<string> =>
  (await failureOf(readYaml(text, "a.yaml"))).message;

test("YAML is read as Kubernetes reads it: octal modes, yes and no, no times, merges", async () => {
  const text = "mode: 0440\nyes: yes\nport: 22:22\ntime: 2020-01-01\nbase: &b {x: 1}\nmore: {<<: *b, z: 2}\n";
  expect(await valuesOf(text)).toEqual([
    { mode: 0o440, true: true, port: "22:22", time: "2020-01-01", base: { x: 1 }, more: { x: 1, z: 2 } },
  ]);
});

test("documents that hold nothing are passed over, and lines counted over all of them", async () => {
  const documents = await readYaml("---\n# nothing\n---\na:\n  - b: 1\n---\nc: 2\n", "a.yaml");
  expect(documents.map(({ value }) => value)).toEqual([{ a: [{ b: 1 }] }, { c: 2 }]);
  expect(
    documents.map(({ lineOf }) => [lineOf(["a", 0, "b"]), lineOf(["c"]), lineOf(["a", 0, "gone"])]),
  ).toEqual([
    [5, 4, 5],
    [7, 7, 7],
  ]);
});

test.each([
  ["a: [1, 2\nb: }\n", /^a\.yaml:\d+: this is no YAML: /],
  ["a: 1\na: 2\n", /^a\.yaml:2: this is no YAML: the key "a" stands twice in an object$/],
  ["---\nb: [{c: {a: 1,\n a: 2}}]\n", /^a\.yaml:3: this is no YAML: the key "a" stands twice in an object$/],
  ["a: *nobody\n", /^a\.yaml.*nobody/],
])("what is no YAML is one line with its number: %j", async (text, message) => {
  const refusal = await refusalOf(text);
  expect(refusal).toMatch(message);
  expect(refusal).not.toContain("\n");
});

test("a file that is to fill the memory is refused before it does", async () => {
  const levels = Array.from(
    { length: 9 },
    (_, level) => `a${level + 1}: &a${level + 1} [${Array(9).fill(`*a${level}`).join(", ")}]`,
  );
  expect(await refusalOf(["a0: &a0 [x]", ...levels].join("\n"))).toBe(
    "a.yaml repeats its values by aliases more than 100 times, as a file does that is to fill the memory",
  );
  for (const nested of ["[", "{a: ", "- ", "? ", "- [", "a: ["].map((each) => each.repeat(100_000)))
    expect(await refusalOf(nested)).toBe(
      "a.yaml is nested more than 256 levels deep, as no file of Kubernetes is",
    );
  for (const aliased of ["a: &x {b: *x}", "a: &x [*x]"])
    expect(await refusalOf(aliased)).toMatch(/nested more than 256 levels/);
  const lines = Array.from({ length: 300 }, (_, level) => `${" ".repeat(level)}a:`);
  expect(await refusalOf(lines.join("\n"))).toMatch(/nested more than 256 levels/);
  // Brackets and dashes of a text nest nothing.
  const text = `${"[{- ".repeat(500)}\n`;
  expect(await valuesOf(`a: |\n  ${text}b: "${"[".repeat(500)}"\n`)).toEqual([
    { a: text, b: "[".repeat(500) },
  ]);
});

// Where each of them were compared with each, it would be minutes.
test("a file that is all keys is read, and one that is all documents is not", async () => {
  const keys = Array.from({ length: 50_000 }, (_, index) => `k${index}`);
  const [value] = await valuesOf(keys.map((key) => `${key}: 1\n`).join(""));
  expect(Object.keys(value as object)).toHaveLength(keys.length);
  expect(await refusalOf("---\n".repeat(100_000))).toBe("a.yaml has more than 1000 documents");
});

test("what is written is read as it was, also texts that look like numbers", async () => {
  const values = [
    { a: ["yes", "0440", "1e3", "2020-01-01", "a: b", "x\ny\n", 440, true, "22:22"] },
    { b: {} },
  ];
  const text = await writeYaml(values);
  expect(text.split("---\n")).toHaveLength(2);
  expect(await valuesOf(text)).toEqual(values);
});

test("a list that only fills the memory is refused before it is parsed", async () => {
  await expect(readYaml(`list:\n${"- a\n".repeat(900_000)}`, "list.yaml")).rejects.toThrow(
    "list.yaml has more than 200000 names and values",
  );
});
