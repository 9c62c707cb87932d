import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, copyFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { locateRuntime, runtimeOfMonitor } from "../../../../src/lib/oci/runtime/location";
import type { RuntimeHandler } from "../../../../src/lib/oci/runtime/handler";
import { testId } from "../../../helpers/store-tree";
import { testdir } from "../../../helpers/testdir";
import { until } from "../../../helpers/until";
import { readCommandLine } from "../../../../src/lib/system/process";

const id = testId("container");
const script = { content: "#!/bin/sh\n", mode: 0o755 };
const directory = testdir({
  "bin/runc": script,
  "bin/crun": script,
  "bin/youki": script,
  [`old/${id}/state.json`]: "{}",
  [`new/${id}/status`]: "{}",
  [`named/${id}/`]: null,
  "empty/": null,
  "plain-file": "",
});
const at = (name: string): string => join(directory, name);
const handler = (name: string, root = ""): RuntimeHandler => ({
  name,
  path: at(`bin/${name}`),
  root,
  monitor: "/conmon",
});
const [runc, crun, youki] = ["runc", "crun", "youki"].map((name) => handler(name)) as [
  RuntimeHandler,
  RuntimeHandler,
  RuntimeHandler,
];
const nowhere = handler("runc", "");

describe("the runtime that has a container", () => {
  test.each<[string, RuntimeHandler, RuntimeHandler[], string[], Partial<RuntimeHandler> | undefined]>([
    ["lies in the root of its handler", handler("runc", at("named")), [crun], ["new"], { root: at("named") }],
    ["crun, in the later default root", crun, [runc], ["new", "empty"], { path: crun.path, root: at("new") }],
    ["runc, in the earlier one", runc, [crun], ["empty", "old"], { path: runc.path, root: at("old") }],
    ["runc, in the root named after crun", runc, [crun], ["old"], { path: runc.path, root: at("old") }],
    ["crun, though the handler is runc by now", runc, [crun], ["new"], { path: crun.path, root: at("new") }],
    ["runc, though it is crun by now", crun, [runc], ["old"], { path: runc.path, root: at("old") }],
    [
      "in the root of another handler",
      runc,
      [handler("crun", at("new"))],
      [],
      { name: "crun", root: at("new") },
    ],
    [
      "one like runc, without a root of its own",
      youki,
      [runc],
      ["old"],
      { path: youki.path, root: at("old") },
    ],
    ["nobody", runc, [crun], ["empty", "plain-file", "none"], undefined],
  ])("%s", (_, configured, others, roots, expected) => {
    const found = locateRuntime(configured, others, { id }, roots.map(at));
    if (expected === undefined) expect(found).toBeUndefined();
    else expect(found).toMatchObject(expected);
  });

  test("is found among the usual roots where none is named", () => {
    expect(locateRuntime(nowhere, [], { id })).toBeUndefined();
  });
});

describe("the runtime that a conmon was called with", () => {
  const children: ChildProcess[] = [];
  // What is called so: the shell itself would be no conmon.
  const conmon = join(testdir(), "conmon");
  beforeAll(() => {
    copyFileSync("/bin/sh", conmon);
    chmodSync(dirname(conmon), 0o755);
  });
  afterAll(() => {
    for (const child of children) child.kill("SIGKILL");
  });

  /** A process that bears the words of a conmon in its command line. */
  async function startConmon(words: readonly string[], options = {}, program = conmon): Promise<string> {
    const bundlePath = testdir();
    const child = spawn(program, ["-c", "read nothing", "conmon", ...words], {
      stdio: ["pipe", "ignore", "ignore"],
      ...options,
    });
    children.push(child);
    const { pid = 0 } = child;
    writeFileSync(join(bundlePath, "conmon-pidfile"), String(pid));
    await until("it has its command line", () => readCommandLine(pid)?.includes("read nothing") === true);
    return bundlePath;
  }

  test("is the one of its words", async () => {
    const words = ["-c", id, "-r", at("bin/crun"), "--runtime-arg", "--root=/run/elsewhere"];
    const bundlePath = await startConmon(words);
    expect(runtimeOfMonitor({ id, bundlePath, dir: bundlePath })).toMatchObject({
      name: "crun",
      path: at("bin/crun"),
      root: "/run/elsewhere",
    });
  });

  test.each([
    ["another container's", ["-c", testId("other"), "-r", at("bin/crun")]],
    ["one whose runtime is no program", ["-c", id, "-r", at("plain-file")]],
    ["one that names no path", ["-c", id, "-r", "crun"]],
    ["one that names none", ["-c", id]],
  ])("is not asked of %s", async (_, words) => {
    expect(runtimeOfMonitor({ id, bundlePath: await startConmon(words), dir: at("empty") })).toBeUndefined();
  });

  test("is not taken from another program, nor from one that has the id among its words", async () => {
    const dir = at("empty");
    const words = ["-c", id, "-r", at("bin/crun")];
    expect(
      runtimeOfMonitor({ id, dir, bundlePath: await startConmon(words, {}, "/bin/sh") }),
    ).toBeUndefined();
    const others = ["--cid", testId("other"), "-n", id, "-r", at("bin/crun")];
    expect(runtimeOfMonitor({ id, dir, bundlePath: await startConmon(others) })).toBeUndefined();
  });

  test("is not taken from a process of somebody else, who may have got the pid", async () => {
    const words = ["-c", id, "-r", at("bin/crun")];
    const bundlePath = await startConmon(words, { uid: 65534, gid: 65534 });
    expect(runtimeOfMonitor({ id, bundlePath, dir: bundlePath })).toBeUndefined();
  });

  test("is nobody when there is no conmon", () => {
    expect(runtimeOfMonitor({ id, bundlePath: at("empty"), dir: at("empty") })).toBeUndefined();
    const bundlePath = testdir({ "conmon-pidfile": "4194303" });
    expect(runtimeOfMonitor({ id, bundlePath, dir: bundlePath })).toBeUndefined();
  });
});
