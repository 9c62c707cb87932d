import { imageComment, imageCreatedBy, shownImageConfig } from "../../../src/lib/images/config-data";

const empty = {
  ExposedPorts: {},
  Env: [],
  Entrypoint: [],
  Cmd: [],
  Volumes: {},
  WorkingDir: "",
  Labels: {},
  StopSignal: "",
};

test("has something at every key, in kpod 1.0's order", () => {
  expect(JSON.stringify(shownImageConfig({}))).toBe(JSON.stringify(empty));
  const file = { config: { StopSignal: "9", Labels: { a: "b" }, User: "0:0", Volumes: { "/v": {} } } };
  expect(JSON.stringify(shownImageConfig(file))).toBe(
    JSON.stringify({ User: "0:0", ...empty, Volumes: { "/v": {} }, Labels: { a: "b" }, StopSignal: "9" }),
  );
});

test("what is not of its type is left out", () => {
  const config = {
    Env: ["A=b", 7, null],
    Cmd: "sh",
    Entrypoint: null,
    ExposedPorts: [80],
    Labels: { a: 1, b: "c" },
    WorkingDir: {},
  };
  // As read from a file: no type stands between it and us.
  const file = JSON.parse(JSON.stringify({ config })) as Record<string, never>;
  expect(shownImageConfig(file)).toEqual({
    ...empty,
    Env: ["A=b"],
    ExposedPorts: {},
    Labels: { b: "c" },
  });
  expect(shownImageConfig({ config: JSON.parse("[]") as never })).toEqual(empty);
});

test.each<[string, Record<string, unknown>, string, string]>([
  ["no history", {}, "", ""],
  ["an empty history", { history: [] }, "", ""],
  [
    "the last step",
    {
      history: [
        { created_by: "a", comment: "x" },
        { created_by: "b", comment: "y" },
      ],
    },
    "b",
    "y",
  ],
  ["a comment on the image", { comment: "c", history: [{ comment: "y" }] }, "", "c"],
  ["a history of nonsense", { history: [{ created_by: "a" }, 7] }, "", ""],
  ["a history that is no list", { history: { length: 1 } }, "", ""],
])("the builder's words: %s", (_, file, createdBy, comment) => {
  expect(imageCreatedBy(file)).toBe(createdBy);
  expect(imageComment(file)).toBe(comment);
});
