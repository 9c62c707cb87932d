import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { imageData } from "../../../src/lib/images/data";
import { Store } from "../../../src/lib/storage/store";
import { failureOf } from "../../helpers/failure";
import { imageTree, testDigest, type TestImage } from "../../helpers/image-tree";
import { listing } from "../../helpers/listing";
import { testId } from "../../helpers/store-tree";
import { testdir } from "../../helpers/testdir";

const [base, top] = [testId("base"), testId("top")];
const digestName = `localhost/app@sha256:${"e".repeat(64)}`;
const app: TestImage = {
  id: testId("app", "abc"),
  names: ["localhost/app:1", "localhost/app:2", digestName],
  layer: top,
  config: {
    created: "2023-01-02T03:04:05.000000006Z",
    author: "somebody",
    architecture: "arm64",
    os: "linux",
    comment: "a remark",
    container: "c0ffee",
    config: { Cmd: ["run"] },
    rootfs: { type: "layers", diff_ids: ["sha256:1", "sha256:2"] },
    history: [{ created_by: "RUN this" }],
  },
  manifest: { config: { digest: `sha256:${testId("app", "abc")}` }, annotations: { a: "b" } },
};

function makeStore(image: TestImage = app): { store: Store; directory: string } {
  const layers = [
    { id: base, record: { "diff-size": 1000, "diff-digest": "sha256:1" } },
    { id: top, parent: base, lower: [base], files: { f: "12345" } },
  ];
  const directory = testdir(imageTree([image], layers));
  const [root, runRoot] = [join(directory, "root"), join(directory, "runroot")];
  return { store: new Store({ root, runRoot, storage: "", storageOptions: [] }), directory };
}

test("is everything of an image, with the keys in kpod 1.0's order", async () => {
  const { store, directory } = makeStore();
  const overlay = join(directory, "root/overlay");
  const before = listing(directory);
  const data = await imageData(store, "app:1");
  const expected = {
    ID: app.id,
    Tags: ["localhost/app:1", "localhost/app:2"],
    Digests: [digestName, `localhost/app@${testDigest(app)}`],
    Digest: testDigest(app),
    Comment: "a remark",
    Created: "2023-01-02T03:04:05.000000006Z",
    Container: "c0ffee",
    Author: "somebody",
    Config: {
      ExposedPorts: {},
      Env: [],
      Entrypoint: [],
      Cmd: ["run"],
      Volumes: {},
      WorkingDir: "",
      Labels: {},
      StopSignal: "",
    },
    Architecture: "arm64",
    OS: "linux",
    Annotations: { a: "b" },
    CreatedBy: "RUN this",
    Size: 1005,
    VirtualSize: 1005,
    GraphDriver: {
      Name: "overlay",
      Data: {
        LowerDir: join(overlay, base, "diff"),
        MergedDir: join(overlay, top, "merged"),
        UpperDir: join(overlay, top, "diff"),
        WorkDir: join(overlay, top, "work"),
      },
    },
    RootFS: { type: "layers", diff_ids: ["sha256:1", "sha256:2"] },
  };
  expect(JSON.stringify(data, undefined, 1)).toBe(JSON.stringify(expected, undefined, 1));
  expect(listing(directory)).toEqual(before);
});

test.each([[app.id], [app.id.slice(0, 4)], [`app@${testDigest(app)}`], [digestName]])(
  "is found by %s",
  async (name) => {
    expect((await imageData(makeStore().store, name)).ID).toBe(app.id);
  },
);

test("of an old store, whose record has no digest, has that of the manifest", async () => {
  const { store } = makeStore({ ...app, record: { digest: undefined } });
  expect(await imageData(store, app.id)).toMatchObject({ Digest: testDigest(app) });
});

test("of an image that says nothing has the time when it came into the store", async () => {
  const { store } = makeStore({ ...app, config: {}, record: { names: undefined } });
  expect(await imageData(store, app.id)).toMatchObject({
    Tags: [],
    Digests: [],
    Created: "2023-11-14T22:13:19.000000001Z",
    Author: "",
    CreatedBy: "",
    RootFS: { type: "", diff_ids: [] },
  });
});

test.each<[string, Partial<TestImage>, string, RegExp]>([
  [
    "no manifest",
    { manifest: null },
    "CORRUPT",
    /^cannot read manifest of image [0-9a-f]{13}: it is missing$/,
  ],
  [
    "a broken manifest",
    { manifest: "{" },
    "CORRUPT",
    /^the manifest of image [0-9a-f]{13} does not hold valid JSON/,
  ],
  [
    "a list as manifest",
    { manifest: "[]" },
    "CORRUPT",
    /^the manifest of image [0-9a-f]{13} is not an object$/,
  ],
  [
    "a manifest of schema 1",
    { manifest: { schemaVersion: 1, history: [{ v1Compatibility: "{}" }] } },
    "UNSUPPORTED",
    /^image [0-9a-f]{13} has a manifest without a configuration$/,
  ],
  [
    "a configuration that is gone",
    { manifest: { config: { digest: `sha256:${"0".repeat(64)}` } } },
    "CORRUPT",
    /^cannot read sha256:0{64} of image [0-9a-f]{13}: it is missing$/,
  ],
  [
    "a broken configuration",
    { config: "no" },
    "CORRUPT",
    /^the configuration of image [0-9a-f]{13} does not hold valid JSON/,
  ],
  [
    "a layer without a record",
    { layer: testId("gone") },
    "CORRUPT",
    /^layer [0-9a-f]{13} has no record in the store$/,
  ],
])("of an image with %s is a clear error", async (_, change, code, message) => {
  const error = await failureOf(imageData(makeStore({ ...app, ...change }).store, app.id));
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
});

test("of no image, and of several, is an error", async () => {
  const { store, directory } = makeStore();
  expect((await failureOf(imageData(store, "nosuch"))).code).toBe("NOT_FOUND");
  const file = join(directory, "root/overlay-images/images.json");
  const records = JSON.parse(readFileSync(file, "utf8")) as object[];
  writeFileSync(file, JSON.stringify([...records, { id: testId("other", "abc") }]));
  expect((await failureOf(imageData(store, "abc"))).code).toBe("AMBIGUOUS");
});
