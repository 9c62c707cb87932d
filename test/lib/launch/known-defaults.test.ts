import { join } from "node:path";
import { loadConfig } from "../../../src/lib/config";
import { ContainerServer } from "../../../src/lib/container-server";
import { annotationsInForm } from "../../../src/lib/launch/annotations";
import { requireKnownDefaults } from "../../../src/lib/launch/known-defaults";
import type { CrioVersion } from "../../../src/lib/config";
import { failureOf } from "../../helpers/failure";
import { testId } from "../../helpers/store-tree";
import { testdir, type Tree } from "../../helpers/testdir";

interface Options {
  /** Further lines of crio.conf. */
  readonly text?: string;
  /** Whether the records are kpod's own. */
  readonly own?: boolean;
  readonly flags?: Record<string, unknown>;
  readonly volatile?: boolean;
  readonly files?: Tree;
}

const id = testId("pod");

/** A node that nothing tells the version of, with the record of a pod in its store. */
function node({
  text = "",
  own = false,
  flags = {},
  volatile = false,
  files = {},
}: Options = {}): ContainerServer {
  const record = { id, names: ["k8s_POD_web_shop_u1_0", "k8s_web_shop_u1_0"], layer: testId("l"), flags };
  const annotations = own
    ? { "kpod/created-by": "kpod" }
    : { "io.kubernetes.cri-o.ContainerType": "sandbox" };
  const userdata = `root/overlay-containers/${id}/userdata`;
  const directory = testdir({
    [`root/overlay-containers/${volatile ? "volatile-" : ""}containers.json`]: JSON.stringify([record]),
    [`${userdata}/config.json`]: JSON.stringify({ annotations }),
    ...files,
  });
  const lines = [
    [
      "[crio]",
      `root = "${directory}/root"`,
      `runroot = "${directory}/runroot"`,
      'storage_driver = "overlay"',
    ],
    [`version_file = "${directory}/version"`, "[crio.api]", `listen = "${directory}/crio.sock"`, text, ""],
  ];
  const configFile = join(testdir({ "crio.conf": lines.flat().join("\n") }), "crio.conf");
  return new ContainerServer(loadConfig({ configFile, environment: {} }));
}

const three = `[crio.runtime]
default_runtime = "runc"
cgroup_manager = "cgroupfs"
[crio.runtime.runtimes.runc]
runtime_root = "/run/runc"`;

test("a launch beside a CRI-O of a version that nothing tells is refused, with what to put into crio.conf", async () => {
  const error = await failureOf(requireKnownDefaults(node()));
  expect(error).toMatchObject({
    code: "BAD_CONFIG",
    message:
      "the version of the CRI-O that uses the store is not known (it has made k8s_POD_web_shop_u1_0), " +
      "and so not where it looks for containers",
  });
  expect(error).toHaveProperty("hint");
  const { hint } = error as { hint: string };
  expect(hint.split("; ")).toEqual([
    expect.stringContaining('default_runtime = "crun" in [crio.runtime]'),
    expect.stringMatching(/^cgroup_manager = "(systemd|cgroupfs)" in \[crio\.runtime\]$/),
    'runtime_root = "/run/crun" in [crio.runtime.runtimes.crun]',
  ]);
});

test.each([
  [
    "one that is not set",
    three.replace('cgroup_manager = "cgroupfs"\n', ""),
    /^[^;]*: cgroup_manager = [^;]*$/,
  ],
  [
    "another",
    three.replace(/\nruntime_root.*/, ""),
    /^[^;]*: runtime_root = "\/run\/crun" in \[crio\.runtime\.runtimes\.runc\]$/,
  ],
])("only what is missing is asked for: %s", async (_, text, hint) => {
  expect(await failureOf(requireKnownDefaults(node({ text })))).toMatchObject({
    hint: expect.stringMatching(hint) as string,
  });
});

test.each<[string, Options]>([
  ["what matters is configured", { text: three }],
  [
    "what matters is configured in the words of 1.0",
    {
      text: '[crio.runtime]\nruntime = "/usr/bin/runc"\ncgroup_manager = "cgroupfs"',
    },
  ],
  ["the store is kpod's alone", { own: true }],
  ["the version is known", { files: { version: '"1.30.1"' } }],
])("it goes on where %s", async (_, options) => {
  await expect(requireKnownDefaults(node(options))).resolves.toBeUndefined();
});

test.each<[Options, string]>([
  [{}, "stable"],
  [{ flags: { Volatile: true } }, "flagged"],
  [{ flags: { Volatile: true }, volatile: true }, "volatile"],
  [{ files: { version: '"1.26.0"' }, volatile: true }, "flagged"],
  [{ files: { version: '"1.36.3"' } }, "volatile"],
])("records go where the version has them, else where there are some: %j", async (options, place) => {
  const server = node({ text: three, ...options });
  await requireKnownDefaults(server);
  expect(server.config.crioDefaults.records).toBe(place);
});

describe("the names of annotations", () => {
  const all = {
    "io.kubernetes.cri-o.TrustedSandbox": "true",
    "io.kubernetes.cri-o.ImageRepoDigests": "r@d",
    "platform-runtime-path.crio.io": "p",
    "pod-linux-overhead.crio.io": "o",
    "pod-linux-resources.crio.io": "r",
    app: "web",
  };
  const of = (version: CrioVersion, known = true): Record<string, string> =>
    annotationsInForm({ crio: { known, version, source: "test" } }, all);
  const common = { app: "web" };

  test.each<[CrioVersion, Record<string, string>]>([
    [[1, 0, 0], { "io.kubernetes.cri-o.TrustedSandbox": "true" }],
    [[1, 27, 9], {}],
    [
      [1, 34, 0],
      {
        "io.kubernetes.cri-o.PlatformRuntimePath": "p",
        "io.kubernetes.cri-o.PodLinuxOverhead": "o",
        "io.kubernetes.cri-o.PodLinuxResources": "r",
      },
    ],
    [
      [1, 36, 0],
      {
        "platform-runtime-path.crio.io": "p",
        "pod-linux-overhead.crio.io": "o",
        "pod-linux-resources.crio.io": "r",
      },
    ],
  ])("%j", (version, expected) => {
    expect(of(version)).toEqual({ ...common, ...expected });
  });

  test("of a version that is not known: those of today", () => {
    expect(of([1, 36, 3], false)).toEqual({ ...all, ...common });
  });
});
