import { join } from "node:path";
import { imageHistory } from "../../../src/lib/images/history";
import { Store } from "../../../src/lib/storage/store";
import { imageTree, type TestImage, type TestLayer } from "../../helpers/image-tree";
import { storeTree, testId } from "../../helpers/store-tree";
import { testdir } from "../../helpers/testdir";

const [base, top] = [testId("base"), testId("top")];
const layers: readonly TestLayer[] = [
  { id: base, record: { "diff-size": 1000, "diff-digest": "sha256:1" } },
  // Its size is not persisted: it is walked.
  { id: top, parent: base, lower: [base], files: { data: "x".repeat(70) } },
];

function storeWith(config: TestImage["config"], layer = top): Store {
  const image: TestImage = {
    id: testId("image"),
    names: ["docker.io/library/app:latest"],
    layer,
    ...(config === undefined ? {} : { config }),
  };
  const directory = testdir({ ...storeTree([], []), ...imageTree([image], layers) });
  return new Store({
    root: join(directory, "root"),
    runRoot: join(directory, "runroot"),
    storage: "overlay",
    storageOptions: [],
  });
}

test("steps are told newest first, with the layers from the top down", async () => {
  const history = [
    { created: "2020-01-02T03:04:05.123456789+02:00", created_by: "ADD  file", comment: "from scratch" },
    { created: "2020-01-02T03:04:06Z", created_by: "ENV A=b", empty_layer: true },
    { created_by: "COPY data" },
  ];
  expect(await imageHistory(storeWith({ history }), "app")).toEqual([
    { id: testId("image"), created: undefined, createdBy: "COPY data", size: 70, comment: "" },
    { id: testId("image"), created: "2020-01-02T03:04:06Z", createdBy: "ENV A=b", size: 0, comment: "" },
    {
      id: testId("image"),
      created: "2020-01-02T03:04:05.123456789+02:00",
      createdBy: "ADD  file",
      size: 1000,
      comment: "from scratch",
    },
  ]);
});

test("more steps than layers, and a layer without a record", async () => {
  const history = [{ created_by: "a" }, { created_by: "b" }, { created_by: "c" }];
  const sizes = async (store: Store): Promise<unknown> =>
    (await imageHistory(store, "app")).map(({ size }) => size);
  expect(await sizes(storeWith({ history }))).toEqual([70, 1000, undefined]);
  expect(await sizes(storeWith({ history }, testId("lost")))).toEqual([undefined, undefined, undefined]);
});

test.each([
  [{}],
  [{ history: null }],
  [{ history: {} }],
  [{ history: "no" }],
  [{ history: [null, 3, "text"] }],
])("%j has no steps", async (config) => {
  expect(await imageHistory(storeWith(config), "app")).toEqual([]);
});

test("a step of wrong types is left open", async () => {
  const history = [{ created: 5, created_by: ["x"], comment: {}, empty_layer: "yes" }];
  expect(await imageHistory(storeWith({ history }), "app")).toEqual([
    { id: testId("image"), created: undefined, createdBy: "", size: 70, comment: "" },
  ]);
});
