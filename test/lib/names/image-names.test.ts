import { isImageName, meantImageNames, newImageName, splitName } from "../../../src/lib/names/image-names";
import { failureOf } from "../../helpers/failure";

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
    "registry.example/a__b/c.d/e-f--g:_",
    `registry.example/app@${digest}`,
    `registry.example/app:v1@${digest}`,
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
    "registry.example/App:v1",
    "registry.example//app",
    "registry.example/",
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

describe("the names that a user can mean", () => {
  test.each<[string, string[]]>([
    [
      "busybox",
      ["docker.io/library/busybox:latest", "localhost/busybox:latest", "busybox:latest", "busybox"],
    ],
    ["busybox:1", ["docker.io/library/busybox:1", "localhost/busybox:1", "busybox:1"]],
    ["team/app", ["docker.io/team/app:latest", "localhost/team/app:latest", "team/app:latest", "team/app"]],
    [
      "docker.io/busybox",
      ["docker.io/library/busybox:latest", "docker.io/busybox:latest", "docker.io/busybox"],
    ],
    [
      "index.docker.io/library/busybox:latest",
      ["docker.io/library/busybox:latest", "index.docker.io/library/busybox:latest"],
    ],
    ["localhost:5000/app", ["localhost:5000/app:latest", "localhost:5000/app"]],
    [
      `registry.example/app:v1@${digest}`,
      [`registry.example/app@${digest}`, `registry.example/app:v1@${digest}`],
    ],
  ])("%s", (wanted, names) => {
    expect(meantImageNames(wanted).names).toEqual(names);
  });
});

describe("a new name", () => {
  test.each([
    ["app", "localhost/app:latest"],
    ["app:v1", "localhost/app:v1"],
    ["team/app", "localhost/team/app:latest"],
    ["docker.io/app", "docker.io/library/app:latest"],
    ["index.docker.io/team/app:1", "docker.io/team/app:1"],
    ["localhost:5000/app", "localhost:5000/app:latest"],
    ["Registry.example/app", "Registry.example/app:latest"],
  ])("%s is stored as %s", (text, name) => {
    expect(newImageName(text)).toBe(name);
  });

  test.each([
    [
      "UPPER:x",
      '"UPPER:x" is not the name of an image',
      "repositories are written in small letters: upper:x",
    ],
    ["", '"" is not the name of an image', "give [REGISTRY/]REPOSITORY[:TAG]"],
    ["a b", '"a b" is not the name of an image', "give [REGISTRY/]REPOSITORY[:TAG]"],
    ["0".repeat(64), `"${"0".repeat(64)}" is not the name of an image`, "give [REGISTRY/]REPOSITORY[:TAG]"],
    [`app@${digest}`, `app@${digest} has a digest: images are named by a tag`, "give REPOSITORY:TAG"],
  ])("%j is refused", async (text, message, hint) => {
    const error = await failureOf(() => newImageName(text));
    expect([error.code, error.message, error.hint]).toEqual(["BAD_ARGUMENT", message, hint]);
  });
});
