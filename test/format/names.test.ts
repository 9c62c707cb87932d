import { displayId } from "../../src/format/id";
import { displayImageName } from "../../src/format/image-name";

const id = "0123456789abcdef".repeat(4);

test("an id is cut to 13 characters, and is whole with noTrunc", () => {
  expect(displayId(id)).toBe("0123456789abc");
  expect(displayId(id, { noTrunc: false })).toBe("0123456789abc");
  expect(displayId(id, { noTrunc: true })).toBe(id);
});

test.each([
  ["docker.io/library/busybox:latest", "busybox:latest"],
  ["docker.io/library/busybox@sha256:ab", "busybox@sha256:ab"],
  ["docker.io/grafana/grafana:9", "grafana/grafana:9"],
  ["docker.io/library/a/b", "library/a/b"],
  ["localhost/busybox:latest", "localhost/busybox:latest"],
  ["registry.example/docker.io/library/x", "registry.example/docker.io/library/x"],
  ["docker.io/", "docker.io/"],
  ["docker.iox/library/x", "docker.iox/library/x"],
  ["", ""],
])("the image %s is printed as %s", (name, printed) => {
  expect(displayImageName(name)).toBe(printed);
  expect(displayImageName(name, { noTrunc: true })).toBe(name);
});
