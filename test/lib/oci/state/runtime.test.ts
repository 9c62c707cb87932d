import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { programMessage } from "../../../../src/lib/system/program-message";
import { callRuntime, runtimeOptions } from "../../../../src/lib/oci/runtime/call";
import { findExecutable } from "../../../../src/lib/system/executable";
import type { RuntimeHandler } from "../../../../src/lib/oci/runtime/handler";
import { listRuntimeStates, queryRuntimeState } from "../../../../src/lib/oci/state/runtime";
import { failureOf } from "../../../helpers/failure";
import { testId } from "../../../helpers/store-tree";
import { testdir } from "../../../helpers/testdir";

const id = testId("container");

/** A runtime that answers what a real one cannot be brought to say. */
function strangeRuntime(script: string): RuntimeHandler {
  const directory = testdir({ runtime: { content: `#!/bin/sh\n${script}\n`, mode: 0o755 } });
  return { name: "strange", path: join(directory, "runtime"), root: "", monitor: "" };
}

describe.each(["runc", "crun"])("%s", (name) => {
  function handler(): RuntimeHandler {
    const path = findExecutable("", name);
    if (path === undefined) throw new Error(`${name} is not installed`);
    return { name, path, root: join(testdir({ "root/": null }), "root"), monitor: "" };
  }

  test("knows no containers of a new root", async () => {
    expect(await listRuntimeStates(handler())).toEqual(new Map());
    expect(await queryRuntimeState(handler(), id)).toBeUndefined();
  });

  test("is not asked, and makes nothing, where its root is not there", async () => {
    const missing = { ...handler(), root: join(testdir(), "root") };
    expect(await listRuntimeStates(missing)).toEqual(new Map());
    expect(await queryRuntimeState(missing, id)).toBeUndefined();
    expect(existsSync(missing.root)).toBe(false);
  });

  test("says what is wrong with a call", async () => {
    const error = await failureOf(callRuntime(handler(), ["kill", id, "KILL"]));
    expect(error.code).toBe("RUNTIME_FAILED");
    expect(error.message).toMatch(new RegExp(`/${name} kill failed: .*(does not exist|No such file)`));
    expect(error.message).not.toMatch(/\n|level=/);
  });
});

describe("a list", () => {
  test("is asked for again when a container vanished meanwhile, but not for ever", async () => {
    const vanished = 'echo "stat /run/runc/x: no such file or directory" >&2; exit 1';
    const counter = join(testdir(), "calls");
    const calls = (): number => readFileSync(counter, "utf8").length;
    const twice = strangeRuntime(
      `printf . >>${counter}; [ $(wc -c <${counter}) = 3 ] && echo null && exit; ${vanished}`,
    );
    expect(await listRuntimeStates(twice)).toEqual(new Map());
    expect(calls()).toBe(3);
    const always = strangeRuntime(`printf . >>${counter}; ${vanished}`);
    expect((await failureOf(listRuntimeStates(always))).message).toContain("list failed: stat");
    expect(calls()).toBe(8);
    const other = strangeRuntime(`printf . >>${counter}; echo "permission denied" >&2; exit 1`);
    expect((await failureOf(listRuntimeStates(other))).message).toContain("permission denied");
    expect(calls()).toBe(9);
  });

  test("is taken apart container by container; what is no container is passed over", async () => {
    const list = JSON.stringify([
      { id, status: "creating", pid: 7, bundle: "/b", ociVersion: "1", created: "2026-01-01T00:00:00Z" },
      null,
      { id: testId("other"), status: "paused", annotations: { a: "b", c: 1 } },
    ]);
    const states = await listRuntimeStates(strangeRuntime(`echo '${list}'`));
    expect([...states.values()]).toEqual([
      {
        id,
        status: "creating",
        pid: 7,
        bundle: "/b",
        ociVersion: "1",
        annotations: {},
        created: new Date("2026-01-01T00:00:00Z"),
      },
      {
        id: testId("other"),
        status: "paused",
        pid: 0,
        bundle: "",
        ociVersion: "",
        annotations: { a: "b" },
        created: undefined,
      },
    ]);
  });

  test.each([
    ["nothing", "true"],
    ["no JSON", "echo oops"],
    ["no list", "echo '{}'"],
  ])("of %s is RUNTIME_FAILED", async (_, script) => {
    const error = await failureOf(listRuntimeStates(strangeRuntime(script)));
    expect(error.code).toBe("RUNTIME_FAILED");
    expect(error.message).toContain("gave no answer that can be read");
  });
});

test("only a container that is not there counts as absent", async () => {
  const missing = strangeRuntime("echo 'container does not exist' >&2; exit 1");
  expect(await queryRuntimeState(missing, id)).toBeUndefined();
  const broken = strangeRuntime("echo 'cgroup manager on fire' >&2; exit 1");
  expect((await failureOf(queryRuntimeState(broken, id))).message).toContain("cgroup manager on fire");
});

test("a runtime that hangs is given up", async () => {
  const hanging = strangeRuntime("exec sleep 600");
  const error = await failureOf(callRuntime(hanging, ["list"], { timeoutMs: 100 }));
  expect(error.code).toBe("RUNTIME_TIMEOUT");
  expect(error.message).toBe(`${hanging.path} list did not answer within 0.1 s`);
});

test("a runtime that cannot be started, or dies without a word, is RUNTIME_FAILED", async () => {
  const gone = { ...strangeRuntime("true"), path: "/opt/none/runc" };
  expect((await failureOf(callRuntime(gone, ["list"]))).message).toContain("ENOENT");
  const silent = await failureOf(callRuntime(strangeRuntime("exit 3"), ["list"]));
  expect([silent.code, silent.message]).toEqual(["RUNTIME_FAILED", expect.stringContaining("3") as string]);
});

test("its options stand before the command", async () => {
  const handler = { ...strangeRuntime('echo "$@"'), root: "/run/r" };
  expect(await callRuntime(handler, ["kill", id], { systemdCgroup: true })).toBe(
    `--root /run/r --systemd-cgroup kill ${id}`,
  );
  expect(runtimeOptions({ ...handler, root: "" }, false)).toEqual([]);
});

test.each([
  ['time="2026-01-01T00:00:00Z" level=error msg="exec: \\"nope\\": not found"', 'exec: "nope": not found'],
  ['time="x" level=warning msg="first"\ntime="x" level=error msg="second"\n', "second"],
  ['{"level":"error","msg":"a \\"b\\"","time":"x"}', 'a "b"'],
  [
    "2026-01-01T00:00:00.0Z: executable file `nope` not found",
    "2026-01-01T00:00:00.0Z: executable file `nope` not found",
  ],
  ["", ""],
])("the essence of %j", (stderr, expected) => {
  expect(programMessage(stderr)).toBe(expected);
});
