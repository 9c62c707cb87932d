import { imageNameMatches } from "../../../src/lib/images/names";

test.each([
  ["busybox", "docker.io/library/busybox:latest", true],
  ["busybox:latest", "docker.io/library/busybox:latest", true],
  ["library/busybox", "docker.io/library/busybox:latest", true],
  ["docker.io/library/busybox:latest", "docker.io/library/busybox:latest", true],
  ["busybox", "busybox", true],
  ["busybox:1.36", "docker.io/library/busybox:latest", false],
  ["box", "docker.io/library/busybox:latest", false],
  ["busy", "docker.io/library/busybox:latest", false],
  ["latest", "docker.io/library/busybox:latest", false],
  ["docker.io", "docker.io/library/busybox:latest", false],
  ["app", "registry.local:5000/team/app", true],
  ["registry.local", "registry.local:5000/team/app", false],
  ["registry.local:5000/team/app", "registry.local:5000/team/app:1@sha256:0123", true],
  ["team/app@sha256:0123", "registry.example/team/app@sha256:0123", true],
  ["team/app@sha256:4567", "registry.example/team/app@sha256:0123", false],
])("%s means %s: %s", (wanted, name, expected) => {
  expect(imageNameMatches(wanted, name)).toBe(expected);
});
