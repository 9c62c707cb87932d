import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Container } from "../../../src/lib/oci/container";
import { failureOf } from "../../helpers/failure";
import { testId } from "../../helpers/store-tree";
import { testdir, type Tree } from "../../helpers/testdir";

/** A container of which these files are there: below `dir/` and `run/`. */
function containerWith(files: Tree): { container: Container; directory: string } {
  const directory = testdir(files);
  const container = new Container({
    id: testId("container"),
    name: "k8s_a_b_c_d_0",
    sandboxId: testId("pod"),
    metadata: { name: "a", attempt: 0 },
    imageName: "busybox",
    imageId: testId("image"),
    layerId: testId("layer"),
    dir: join(directory, "dir"),
    bundlePath: join(directory, "run"),
    createdAt: new Date(0),
    infra: false,
  });
  return { container, directory };
}

function spec(annotations: unknown): string {
  return JSON.stringify({ ociVersion: "1.0.2", hostname: "h", future: 1, annotations });
}

test("the spec is read when it is first asked for, and anew after it was forgotten", () => {
  const { container, directory } = containerWith({
    "dir/config.json": spec({ "io.kubernetes.cri-o.LogPath": "/var/log/a" }),
    "run/config.json": spec({ "io.kubernetes.cri-o.LogPath": "/not/this" }),
  });
  expect(container.logPath).toBe("/var/log/a");
  expect(container.spec).toMatchObject({ ociVersion: "1.0.2", hostname: "h", future: 1 });
  writeFileSync(join(directory, "dir/config.json"), spec({}));
  expect(container.logPath).toBe("/var/log/a");
  container.reloadSpec();
  expect(container.logPath).toBe("");
  rmSync(join(directory, "dir/config.json"));
  container.reloadSpec();
  expect(container.logPath).toBe("/not/this");
});

test.each([
  ["CRI-O's", '{"app":"x","tier":"y"}', { app: "x", tier: "y" }],
  ["none in 1.0", "null", {}],
  ["none", "", {}],
  ["some that are no texts", '{"app":1,"tier":"y"}', { tier: "y" }],
])("labels and annotations: %s", (_, text, expected) => {
  const { container } = containerWith({
    "dir/config.json": spec({ "io.kubernetes.cri-o.Labels": text, "io.kubernetes.cri-o.Annotations": text }),
  });
  expect([container.labels, container.annotations]).toEqual([expected, expected]);
});

test("what the annotations tell, and what holds without them", () => {
  const told = containerWith({
    "dir/config.json": spec({
      "io.kubernetes.cri-o.TTY": "true",
      "org.opencontainers.image.stopSignal": "INT",
    }),
  }).container;
  expect([told.terminal, told.stopSignal, told.logPath]).toEqual([true, "INT", ""]);
  for (const nothing of [undefined, null, [], "x"]) {
    const { container } = containerWith({ "dir/config.json": spec(nothing) });
    expect([container.terminal, container.stopSignal, container.labels]).toEqual([false, "", {}]);
  }
});

test.each(["{", "[]", ""])(
  "of the two copies of the spec, the one that can be read counts: %j",
  (damaged) => {
    const whole = spec({ "io.kubernetes.cri-o.LogPath": "/var/log/a" });
    const { container } = containerWith({ "dir/config.json": damaged, "run/config.json": whole });
    expect(container.logPath).toBe("/var/log/a");
  },
);

test.each([
  ["missing", {}, "config.json is missing"],
  ["no JSON", { "dir/config.json": "{" }, "does not hold valid JSON"],
  ["no spec", { "dir/config.json": "[]" }, "does not hold an OCI spec"],
  [
    "damaged in both places",
    { "dir/config.json": "[]", "run/config.json": "{" },
    "dir/config.json does not hold",
  ],
  [
    "with labels that are no JSON",
    { "dir/config.json": spec({ "io.kubernetes.cri-o.Labels": "{" }) },
    "Labels",
  ],
])("a spec that is %s is CORRUPT, each time it is asked for", async (_, files, cause) => {
  const { container } = containerWith(files);
  for (let times = 0; times < 2; times++) {
    const error = await failureOf(() => container.labels);
    expect(error.code).toBe("CORRUPT");
    expect(error.message).toContain(cause);
  }
});
