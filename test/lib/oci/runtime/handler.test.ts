import { join } from "node:path";
import { defaultRuntimeConfig } from "../../../../src/lib/config/runtime-config";
import { defaultRuntimeHandler } from "../../../../src/lib/config/runtime-handlers";
import { findExecutable, isExecutable } from "../../../../src/lib/system/executable";
import { findConmon } from "../../../../src/lib/oci/conmon/program";
import type { RuntimeChoice } from "../../../../src/lib/oci/runtime/choice";
import { chooseRuntime, type RuntimeConfigPart } from "../../../../src/lib/oci/runtime/handler";
import { failureOf } from "../../../helpers/failure";
import { testdir } from "../../../helpers/testdir";

const script = { content: "#!/bin/sh\n", mode: 0o755 };
const directory = testdir({
  "bin/runc": script,
  "bin/crun": script,
  "bin/conmon": script,
  "other/runc": script,
  "other/kata": script,
  "plain/runc": "not executable",
  "folder/runc/": null,
});
const bin = (name: string): string => join(directory, "bin", name);
const other = (name: string): string => join(directory, "other", name);
const choice: RuntimeChoice = { handler: "", trusted: undefined, privileged: false };

const { PATH } = process.env;
beforeAll(() => {
  process.env.PATH = `relative:${join(directory, "plain")}:${join(directory, "bin")}`;
});
afterAll(() => {
  process.env.PATH = PATH;
});

function config(fields: Partial<RuntimeConfigPart>): RuntimeConfigPart {
  return { ...defaultRuntimeConfig(), ...fields };
}

describe("without a table of runtimes, by the rules of CRI-O 1.0", () => {
  const both = { runtime: bin("runc"), runtimeUntrustedWorkload: other("kata") };
  const untrustedByDefault = { ...both, defaultWorkloadTrust: "untrusted" as const };

  test.each<[string, Partial<RuntimeConfigPart>, Partial<RuntimeChoice>, string]>([
    ["one runtime is for all", { runtime: other("runc") }, { trusted: false }, other("runc")],
    ["a trusted one", both, { trusted: true }, bin("runc")],
    ["an untrusted one", both, { trusted: false }, other("kata")],
    ["one of which nothing is said", both, {}, bin("runc")],
    ["one of which nothing is said, untrusted by default", untrustedByDefault, {}, other("kata")],
    ["a trusted one, untrusted by default", untrustedByDefault, { trusted: true }, bin("runc")],
    [
      "a privileged one is always trusted",
      untrustedByDefault,
      { privileged: true, trusted: false },
      bin("runc"),
    ],
    ["a handler is not asked for where there are none", both, { handler: "kata" }, bin("runc")],
  ])("%s", (_, fields, wanted, path) => {
    expect(chooseRuntime(config(fields), { ...choice, ...wanted }).path).toBe(path);
  });

  test("it bears the program's name and the configured conmon, and keeps its own root", () => {
    expect(chooseRuntime(config({ runtime: other("kata"), conmon: "/c" }), choice)).toEqual({
      name: "kata",
      path: other("kata"),
      root: "",
      monitor: "/c",
    });
  });
});

describe("with a table of runtimes", () => {
  const runtimes = {
    runc: {
      ...defaultRuntimeHandler(),
      runtimePath: other("runc"),
      runtimeRoot: "/run/r",
      monitorPath: "/m",
    },
    crun: defaultRuntimeHandler(),
    named: { ...defaultRuntimeHandler(), runtimePath: "crun" },
  };
  const fields = { runtimes, defaultRuntime: "runc", conmon: "/c", runtime: bin("crun") };

  test.each([
    ["", { name: "runc", path: other("runc"), root: "/run/r", monitor: "/m" }],
    ["runc", { name: "runc", path: other("runc"), root: "/run/r", monitor: "/m" }],
    ["crun", { name: "crun", path: bin("crun"), root: "", monitor: "/c" }],
    ["named", { name: "named", path: bin("crun"), root: "", monitor: "/c" }],
  ])("the pod's handler %j", (handler, expected) => {
    expect(chooseRuntime(config(fields), { ...choice, handler })).toEqual(expected);
  });

  test("a handler that is not configured is named with the remedy", async () => {
    const error = await failureOf(() => chooseRuntime(config(fields), { ...choice, handler: "kata" }));
    expect(error.code).toBe("BAD_CONFIG");
    expect(error.message).toContain("kata");
    expect(error.hint).toContain("[crio.runtime.runtimes.kata]");
  });
});

describe("finding a program", () => {
  test.each([
    ["a configured path", bin("crun"), "/usr/bin/runc", bin("crun")],
    ["the built-in path stands for the name", "/nowhere/runc", "/nowhere/runc", bin("runc")],
    ["nothing configured, too", "", "/nowhere/runc", bin("runc")],
    ["another path stands for itself", "/nowhere/runc", "/usr/bin/runc", undefined],
    ["a name that is nowhere", "", "/usr/bin/kpod-no-such-program", undefined],
  ])("%s", (_, configured, builtIn, expected) => {
    expect(findExecutable(configured, builtIn)).toBe(expected);
  });

  test("neither a file that cannot be executed nor a directory is one", () => {
    const paths = ["plain/runc", "folder/runc", "bin/runc", "bin/none"].map((name) => join(directory, name));
    expect(paths.map(isExecutable)).toEqual([false, false, true, false]);
  });

  test.each([
    ["a name", "crun", bin("crun")],
    ["a path", other("kata"), other("kata")],
    ["nothing", "", bin("runc")],
  ])("the runtime may be configured as %s", (_, runtime, expected) => {
    expect(chooseRuntime(config({ runtime }), choice).path).toBe(expected);
  });

  test("a runtime that is not there is named with the remedy", async () => {
    const error = await failureOf(() => chooseRuntime(config({ runtime: "/opt/none/runc" }), choice));
    expect(error.code).toBe("RUNTIME_FAILED");
    expect(error.message).toBe("the OCI runtime /opt/none/runc is not there or cannot be executed");
    expect(error.hint).toContain("apt-get install runc");
  });

  test("conmon is found by its name where only the default is configured", async () => {
    expect(findConmon("")).toBe(bin("conmon"));
    expect(findConmon("/usr/local/libexec/crio/conmon")).toBe(bin("conmon"));
    const error = await failureOf(() => findConmon("/opt/none/conmon"));
    expect(error.code).toBe("CONMON_FAILED");
    expect(error.message).toContain("/opt/none/conmon");
  });
});
