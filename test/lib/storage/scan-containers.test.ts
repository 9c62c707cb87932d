import { isDeepStrictEqual } from "node:util";
import { newStorageId } from "../../../src/lib/names/ids";
import { parseContainerMetadata } from "../../../src/lib/storage/container-metadata";
import { isUsableRecord } from "../../../src/lib/storage/records";
import { scanContainers } from "../../../src/lib/storage/scan-containers";

const pod = newStorageId();

const metadata = {
  "pod-name": "k8s_shop_default_u1_0",
  "pod-id": pod,
  "image-name": "registry.example/team/app@sha256:0123",
  "image-id": newStorageId(),
  name: "k8s_web_shop_default_u1_0",
  "metadata-name": "web",
};
const infra = { uid: "u1", namespace: "default", mountlabel: "system_u:object_r:container_file_t:s0:c1,c2" };

function record(inner: unknown, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: newStorageId(),
    names: ["k8s_web_shop_default_u1_0"],
    image: newStorageId(),
    layer: newStorageId(),
    metadata: typeof inner === "string" ? inner : JSON.stringify(inner),
    created: "2023-11-14T22:05:00.123456789Z",
    ...more,
  };
}

/** As CRI-O of different versions writes them. */
const usual = {
  "of CRI-O 1.0": record({ pod: true, ...metadata, uid: "u1", namespace: "x", attempt: 3, "created-at": 17 }),
  "of today": record(
    { ...metadata, ...infra, "created-at": 1_700_000_000, attempt: 1, pod: true },
    {
      names: ["k8s_POD_shop_default_u1_0", "k8s_shop_default_u1_0"],
      "big-data-names": ["a", "b"],
      "big-data-sizes": { a: 1 },
      flags: { MountLabel: "", ProcessLabel: "" },
    },
  ),
  "of a container": record({ ...metadata, "created-at": 0 }),
};

/** What the parser makes of a file; undefined where that is not all. */
function parsed(content: string): unknown {
  let list: unknown;
  try {
    list = content.trim() === "" ? [] : JSON.parse(content);
  } catch {
    return undefined;
  }
  if (!Array.isArray(list)) return undefined;
  const all = list.map((entry: unknown) => {
    if (!isUsableRecord(entry)) return undefined;
    const { id, names, created } = entry;
    const { image, layer } = entry as Partial<Record<"image" | "layer", unknown>>;
    const read = parseContainerMetadata(entry.metadata);
    return read && { record: { id, names, image, layer, created }, metadata: read };
  });
  return all.includes(undefined) ? undefined : all;
}

test.each(Object.entries(usual))("records %s are read as the parser reads them", (_, one) => {
  for (const list of [[one], [one, ...Object.values(usual)]]) {
    const content = JSON.stringify(list);
    expect(scanContainers(content)).toEqual(parsed(content));
    expect(scanContainers(`${content}\n`)).toEqual(parsed(content));
  }
});

test.each(["", "[]", "\n", "[]\n"])("%j holds none", (content) => {
  expect(scanContainers(content)).toEqual([]);
});

const quoted = JSON.stringify('},{"id":"');
const good = JSON.stringify(usual["of a container"]);

test.each([
  ["characters that are not ASCII", JSON.stringify([record({ ...metadata, name: "ä", "created-at": 1 })])],
  ["a name with a quote", JSON.stringify([record({ ...metadata, name: 'a"b', "created-at": 1 })])],
  ["what looks like a record", `[${good.replace('"k8s_web_shop_default_u1_0"', quoted)}]`],
  ["another order", JSON.stringify([record({ "created-at": 1, ...metadata })])],
  ["a key that stands twice", `[${good.replace(/\}$/, `,"layer":"x"}`)}]`],
  ["a field that nobody knows", JSON.stringify([record({ ...metadata, "created-at": 1 }, { more: [] })])],
  ["metadata that are not CRI-O's", JSON.stringify([record("a note of podman")])],
  ["metadata without a pod", JSON.stringify([record({ ...metadata, "pod-id": "", "created-at": 1 })])],
  ["no names", JSON.stringify([record({ ...metadata, "created-at": 1 }, { names: null })])],
  ["a time that is no number", `[${good.replace('\\"created-at\\":0', '\\"created-at\\":007')}]`],
  ["something behind the list", `[${good}]x`],
  ["something behind the last record", `[${good},]`],
  ["an end in the midst", `[${good.slice(0, -1)}`],
  ["no comma between", `[${good}${good}]`],
  ["no list", good],
  ["blanks", JSON.stringify([JSON.parse(good)], undefined, 2)],
])("%s is left to the parser", (_, content) => {
  expect(scanContainers(content)).toBeUndefined();
});

test("whatever character is exchanged, what is read is what the parser reads", () => {
  const content = JSON.stringify(Object.values(usual));
  let read = 0;
  for (let at = 0; at < content.length; at++) {
    for (const other of ["", '"', "\\", ",", "}", "1", "é", "\n"]) {
      const odd = content.slice(0, at) + other + content.slice(at + 1);
      const scanned = scanContainers(odd);
      if (scanned === undefined) continue;
      read++;
      if (!isDeepStrictEqual(scanned, parsed(odd))) expect([odd, scanned]).toEqual([odd, parsed(odd)]);
    }
  }
  expect(read).toBeGreaterThan(1000);
});
