import { join } from "node:path";
import { exposedPorts } from "../../../src/lib/images/exposed-ports";
import { Store } from "../../../src/lib/storage/store";
import { imageTree, type TestImage } from "../../helpers/image-tree";
import { storeTree, testId } from "../../helpers/store-tree";
import { testdir } from "../../helpers/testdir";

function portsOf(exposed: unknown, extra: Record<string, string> = {}): string[] {
  const id = testId("image");
  const layer = testId("layer");
  const config = { config: { ExposedPorts: exposed } } as TestImage["config"];
  const images = imageTree(
    [{ id, names: [], layer, ...(config === undefined ? {} : { config }) }],
    [{ id: layer }],
  );
  const directory = testdir({ ...storeTree([], []), ...images, ...extra });
  const store = new Store({
    ...{ root: join(directory, "root"), runRoot: join(directory, "runroot") },
    ...{ storage: "overlay", storageOptions: [] },
  });
  return exposedPorts(store, id);
}

test("ports, ranges and protocols; what is none is left out", () => {
  expect(
    portsOf({ "80/tcp": {}, "53/UDP": {}, 8080: {}, "9000-9009/tcp": {}, "\u001b[2J": {}, "1/x": {} }),
  ).toEqual([...["8080/tcp", "80/tcp", "53/udp", "9000-9009/tcp"]]);
});

test("the configuration that lies under the image's id is read first", () => {
  const id = testId("image");
  const file = `=${Buffer.from(`sha256:${id}`).toString("base64")}`;
  const text = '{"config":{"ExposedPorts":{"1/sctp":{}}}}';
  expect(portsOf({ "80/tcp": {} }, { [`root/overlay-images/${id}/${file}`]: text })).toEqual(["1/sctp"]);
});

test("nothing where there is nothing to read", () => {
  expect(portsOf(undefined)).toEqual([]);
  expect(portsOf([1])).toEqual([]);
  const store = new Store({ root: "/nowhere", runRoot: "/nowhere", storage: "overlay", storageOptions: [] });
  expect(exposedPorts(store, testId("image"))).toEqual([]);
  expect(exposedPorts(store, "../x")).toEqual([]);
});
