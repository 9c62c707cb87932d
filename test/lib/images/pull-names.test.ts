import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { fullName, pullNames } from "../../../src/lib/images/pull-names";
import { isInsecure } from "../../../src/lib/images/registry-access";
import { KpodError } from "../../../src/lib/errors";
import { testdir } from "../../helpers/testdir";

const digest = `sha256:${"a".repeat(64)}`;

function environment(text: string): Record<string, string> {
  const path = join(testdir(), "registries.conf");
  writeFileSync(path, text);
  return { CONTAINERS_REGISTRIES_CONF: path };
}

const two = `unqualified-search-registries = ["one.example", "two.example"]
[aliases]
"tool" = "quay.example/tools/tool"
`;

test.each([
  ["docker.io/busybox", "docker.io/library/busybox:latest"],
  ["index.docker.io/library/busybox:1", "docker.io/library/busybox:1"],
  ["localhost:5000/app", "localhost:5000/app:latest"],
  [`registry.example/app:1@${digest}`, `registry.example/app@${digest}`],
])("%s is in full %s", (name, full) => {
  expect(fullName(name)).toBe(full);
});

test.each<[string, string[]]>([
  [
    "kpodtest",
    ["one.example/kpodtest:latest", "two.example/kpodtest:latest", "crio.example/kpodtest:latest"],
  ],
  [`kpodtest@${digest}`, ["one", "two", "crio"].map((host) => `${host}.example/kpodtest@${digest}`)],
  ["library/kpodtest:1", ["docker.io/library/kpodtest:1"]],
  ["tool:2", ["quay.example/tools/tool:2"]],
  ["localhost/kpodtest", ["localhost/kpodtest:latest"]],
  ["two.example/x/y", ["two.example/x/y:latest"]],
])("%s is looked for as %j", (wanted, names) => {
  const config = { registries: ["two.example", "crio.example"] };
  expect(pullNames(wanted, config, environment(two)).names).toEqual(names);
});

test.each([
  ["nothing to look in", "", "kpodtest", /names no registry/],
  ["enforcing", `short-name-mode = "enforcing"\n${two}`, "kpodtest", /may be of one\.example, two\.example/],
  ["capital letters", two, "docker.io/Tool", /is not the name of an image/],
  ["no name", two, "a b", /is not the name of an image/],
  ["a wrong value", `unqualified-search-registries = 5`, "kpodtest", /registries\.conf:1: unqualified/],
])("%s is refused", (_, text, wanted, message) => {
  const attempt = (): unknown => pullNames(wanted, { registries: [] }, environment(text));
  expect(attempt).toThrow(KpodError);
  expect(attempt).toThrow(message);
});

test.each([
  ["registry.local:5000", ["registry.local:5000"], true],
  ["registry.local:5000", ["registry.local"], true],
  ["registry.local:5000", ["registry.local:80"], false],
  ["10.1.2.3:5000", ["10.0.0.0/8"], true],
  ["11.1.2.3", ["10.0.0.0/8"], false],
  ["10.1.2.3", ["10.0.0.0/99", "bad/8", "fd00::/8"], false],
  ["registry.local", [], false],
])("%s with insecure registries %j: %s", (registry, insecure, is) => {
  expect(isInsecure(registry, insecure)).toBe(is);
});
