import { splitName } from "../../../src/lib/images/names";

const digest = `sha256:${"a".repeat(64)}`;

test.each<[string, string, string | undefined, string | undefined]>([
  ["docker.io/library/busybox:1.36", "docker.io/library/busybox", "1.36", undefined],
  ["busybox", "busybox", undefined, undefined],
  ["registry.example:5000/app", "registry.example:5000/app", undefined, undefined],
  ["registry.example:5000/app:v1", "registry.example:5000/app", "v1", undefined],
  [`localhost/app@${digest}`, "localhost/app", undefined, digest],
  [`localhost/app:v1@${digest}`, "localhost/app", "v1", digest],
  ["", "", undefined, undefined],
])("%s", (name, repository, tag, found) => {
  expect(splitName(name)).toEqual({ repository, tag, digest: found });
});
