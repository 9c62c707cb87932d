import { parseContainerMetadata } from "../../../src/lib/storage/container-metadata";

// As CRI-O 1.0.0 wrote it, whose order is another than that of later ones.
const early =
  '{"pod":true,"pod-name":"k8s_a_ns_u_1","pod-id":"x","image-name":"kubernetes/pause","image-id":"y",' +
  '"name":"k8s_POD_a_ns_u_1","metadata-name":"a","uid":"u","namespace":"ns","attempt":1,"created-at":1795430308}';
const modern =
  '{"pod-name":"k8s_a_ns_u_0","pod-id":"x","image-name":"localhost/busybox:ref","image-id":"y",' +
  '"name":"k8s_run_a_ns_u_0","metadata-name":"run","created-at":1795430485,"privileged":true,"later":[1]}';

test.each([
  ["of CRI-O 1.0.0", early],
  ["of CRI-O 1.36, and later", modern],
])("what CRI-O notes comes back as it was: %s", (_, text) => {
  expect(JSON.stringify(parseContainerMetadata(text))).toBe(text);
});

test.each([
  ["none", undefined],
  ["an empty one", ""],
  ["a text of somebody else", "podman"],
  ["a list", "[]"],
  ["null", "null"],
  ["JSON of somebody else", '{"name":"x"}'],
  ["no pod", '{"pod-name":"","pod-id":"x"}'],
  ["no id of a pod", '{"pod-name":"x"}'],
  ["a name that is no text", '{"pod-name":"x","pod-id":"y","name":1}'],
  ["a namespace that is no text", '{"pod-name":"x","pod-id":"y","namespace":null}'],
  ["an attempt that is no number", '{"pod-name":"x","pod-id":"y","attempt":"1"}'],
])("metadata that is not CRI-O's is none: %s", (_, text) => {
  expect(parseContainerMetadata(text)).toBeUndefined();
});

test("what is left out is empty, after what is there", () => {
  const metadata = parseContainerMetadata('{"pod-id":"y","x":1,"pod-name":"z"}');
  expect(JSON.stringify(metadata)).toBe(
    '{"pod-id":"y","x":1,"pod-name":"z","image-name":"","image-id":"","name":"","metadata-name":"","created-at":0}',
  );
});
