import { isImageName, imageNameToPersist, splitName } from "../../../src/lib/images/names";
import type { StorageId } from "../../../src/lib/names/ids";

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

describe("what containers/image takes for a name", () => {
  const part255 = `${"a".repeat(120)}/${"b".repeat(124)}`;

  test.each([
    "busybox",
    "busybox:1.36",
    "library/busybox",
    "docker.io/library/busybox:latest",
    "localhost/app",
    "localhost:5000/app:V1_x.y-z",
    "127.0.0.1:5000/a/b/c",
    "Registry.Example/app",
    "quay.io/a__b/c.d/e-f--g:_",
    `quay.io/app@${digest}`,
    `quay.io/app:v1@${digest}`,
    `app@sha512:${"0".repeat(128)}`,
    "sha256",
    "a".repeat(63),
    "a".repeat(65),
    `${"a".repeat(64)}:latest`,
    `docker.io/${"a".repeat(64)}`,
    `a:${"t".repeat(128)}`,
    part255,
  ])("%s", (name) => {
    expect(isImageName(name)).toBe(true);
  });

  test.each([
    "",
    " busybox",
    "busybox ",
    "busybox\n",
    "Busybox",
    "library/Busybox",
    "Library/busybox",
    "quay.io/App:v1",
    "quay.io//app",
    "quay.io/",
    "/app",
    "app:",
    "app:-x",
    "app:a:b",
    "app:a/b",
    `a:${"t".repeat(129)}`,
    "a..b",
    "a___b",
    "-a",
    "a-",
    "a_",
    ".a",
    "host:port/app",
    "-host.io/app",
    "[::1]:5000/app",
    "app@",
    `@${digest}`,
    `app@sha256:${"a".repeat(63)}`,
    `app@sha256:${"A".repeat(64)}`,
    `app@md5:${"a".repeat(32)}`,
    `app@${digest}:tag`,
    "a".repeat(64),
    "0123456789abcdef".repeat(4),
    "a".repeat(250),
    `${part255}cc`,
    "docker://busybox",
    "Not A Name",
    "ü",
  ])("not %j", (name) => {
    expect(isImageName(name)).toBe(false);
  });
});

describe("what a container's maker notes of its image's name", () => {
  const id = "abcdef0123".padEnd(64, "4") as StorageId;

  test.each<[string[] | undefined, string, string, string]>([
    [["docker.io/library/busybox:1"], "busybox:1", "busybox:1", "docker.io/library/busybox:1"],
    [["localhost/a:1"], `localhost/a@${digest}`, `localhost/a@${digest}`, "localhost/a:1"],
    [["localhost/a:1"], id, "localhost/a:1", "localhost/a:1"],
    [["localhost/a:1"], "abcdef", "localhost/a:1", "localhost/a:1"],
    [["localhost/a:1"], `sha256:${id}`, "localhost/a:1", "localhost/a:1"],
    [["localhost/a:1"], "sha256:abcdef", "localhost/a:1", "localhost/a:1"],
    [["localhost/abcdef:latest"], "abcdef", "abcdef", "localhost/abcdef:latest"],
    [[id, "Bad Name", "localhost/a:1"], id, "localhost/a:1", "localhost/a:1"],
    [[id], id, "", ""],
    [[], "abc", "", ""],
    [undefined, `sha256:${id}`, "", ""],
    [undefined, "sha256:abcd", "", ""],
  ])("%j asked for as %s", (names, wanted, requested, own) => {
    expect(imageNameToPersist({ id, ...(names === undefined ? {} : { names }) }, wanted)).toEqual({
      requested,
      own,
    });
  });
});
