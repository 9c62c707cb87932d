import { join } from "node:path";
import { silentLogger } from "../../../src/lib/logger";
import { newStorageId, type StorageId } from "../../../src/lib/names/ids";
import { findImage, layerChain, readImageData, readImages } from "../../../src/lib/storage/images";
import { storeLayout } from "../../../src/lib/storage/layout";
import type { ImageRecord } from "../../../src/lib/storage/records";
import { failureOf } from "../../helpers/failure";
import { testdir } from "../../helpers/testdir";

const hex = (prefix: string): StorageId => `${prefix}${"0".repeat(64 - prefix.length)}` as StorageId;
const digest = `sha256:${"d".repeat(64)}`;
const index = `sha256:${"1".repeat(64)}`;
const images: ImageRecord[] = [
  { id: hex("abc1"), names: ["docker.io/library/busybox:latest"], digest },
  { id: hex("abc2"), names: ["localhost/pause:latest", "localhost/pause:3.9"] },
  { id: hex("abd0"), names: ["registry.example:5000/team/app:1.0"] },
  { id: hex("fff0") },
  { id: hex("eee0"), names: ["localhost/busybox:latest", "docker.io/team/tool:latest"] },
  {
    id: hex("ddd0"),
    names: ["busybox:latest", "plain"],
    "big-data-names": [`manifest-${index}`, "manifest"],
  },
];

test.each([
  ["busybox", "abc1"],
  ["busybox:latest", "abc1"],
  ["library/busybox", "abc1"],
  ["docker.io/library/busybox", "abc1"],
  ["docker.io/busybox", "abc1"],
  ["index.docker.io/library/busybox:latest", "abc1"],
  ["plain", "ddd0"],
  [`busybox@${index}`, "ddd0"],
  [`busybox:1.36@${digest}`, "abc1"],
  ["localhost/busybox", "eee0"],
  ["pause", "abc2"],
  ["pause:3.9", "abc2"],
  ["team/tool", "eee0"],
  ["registry.example:5000/team/app:1.0", "abd0"],
  [`busybox@${digest}`, "abc1"],
  [`docker.io/library/busybox@${digest}`, "abc1"],
  [hex("abc2"), "abc2"],
  [`sha256:${hex("abc2")}`, "abc2"],
  ["abd", "abd0"],
  ["fff", "fff0"],
])("%s is found as image %s", (wanted, id) => {
  expect(findImage(images, wanted)?.id).toBe(hex(id));
});

test.each([
  "pause:4",
  "app",
  "registry.example:5000/team/app",
  "ab",
  "",
  "fffe",
  `pause@${digest}`,
  `busybox@sha256:${"e".repeat(64)}`,
  "../busybox",
])("%j is not found", (wanted) => {
  expect(findImage(images, wanted)).toBeUndefined();
});

test("a name that is the beginning of another image's id is ambiguous, with its tag it is not", async () => {
  const named = { id: hex("9990"), names: ["docker.io/library/abd000000000:latest"] };
  const error = await failureOf(() => findImage([...images, named], "abd000000000"));
  expect([error.code, error.message]).toEqual([
    "AMBIGUOUS",
    "image id abd000000000 is ambiguous: 9990000000000 docker.io/library/abd000000000:latest, " +
      "abd0000000000 registry.example:5000/team/app:1.0",
  ]);
  expect(findImage([...images, named], "abd000000000:latest")).toBe(named);
  expect(findImage([...images, named], hex("abd0"))?.id).toBe(hex("abd0"));
});

test("a prefix of two images is ambiguous, and both are named", async () => {
  const error = await failureOf(() => findImage(images, "abc"));
  expect(error.code).toBe("AMBIGUOUS");
  expect(error.message).toBe(
    "image id abc is ambiguous: abc1000000000 docker.io/library/busybox:latest, abc2000000000 localhost/pause:latest",
  );
});

test("an image's records and big data are read from its store", async () => {
  const id = newStorageId();
  const key = "sha256:66ba00ad3de8677a3fa4bc4ea0fc46ebca0f14db46ca365e7f60833068dd0148";
  const root = testdir({
    "overlay-images/images.json": JSON.stringify([{ id, layer: "x" }]),
    [`overlay-images/${id}/manifest`]: "the manifest",
    // The name that containers/storage gave to this key.
    [`overlay-images/${id}/=c2hhMjU2OjY2YmEwMGFkM2RlODY3N2EzZmE0YmM0ZWEwZmM0NmViY2EwZjE0ZGI0NmNhMzY1ZTdmNjA4MzMwNjhkZDAxNDg=`]:
      "the configuration",
    secret: "not an image's",
  });
  const layout = storeLayout(root, join(root, "run"), "overlay");
  expect(readImages(layout, silentLogger).map((image) => image.id)).toEqual([id]);
  expect(readImageData(layout, id, "manifest").toString()).toBe("the manifest");
  expect(readImageData(layout, id, key).toString()).toBe("the configuration");
  for (const missing of ["sha256:0", "../../secret", ".", ""]) {
    const error = await failureOf(() => readImageData(layout, id, missing));
    expect([error.code, error.hint]).toEqual(["CORRUPT", "load the image again"]);
    expect(error.message).toContain(id.slice(0, 13));
  }
});

test("the chain of an image's layers ends at the base, at a gap, and in a circle", () => {
  const [base, middle, top, lost] = [newStorageId(), newStorageId(), newStorageId(), newStorageId()];
  const parents = new Map<StorageId, string | undefined>([
    [base, undefined],
    [middle, base],
    [top, middle],
    [lost, newStorageId()],
  ]);
  expect(layerChain(parents, top)).toEqual([top, middle, base]);
  expect(layerChain(parents, lost)).toEqual([lost]);
  expect(layerChain(parents, undefined)).toEqual([]);
  expect(layerChain(parents, "../x")).toEqual([]);
  expect(layerChain(new Map([[base, middle] as const, [middle, base] as const]), base)).toEqual([
    base,
    middle,
  ]);
});
