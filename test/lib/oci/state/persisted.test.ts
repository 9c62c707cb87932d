import { join } from "node:path";
import { readStatus, type ContainerState } from "../../../../src/lib/oci/state/container-state";
import { parseExactJson } from "../../../../src/lib/system/exact-json";
import { failureOf } from "../../../helpers/failure";
import { testdir } from "../../../helpers/testdir";
import { formatPersistedState, readPersistedState } from "../../../../src/lib/oci/state/persisted";
import { readTime, textMap } from "../../../../src/lib/system/go-json";

const id = "71".repeat(32);
const zero = "0001-01-01T00:00:00Z";

function readState(content: string): ReturnType<typeof readPersistedState> {
  return readPersistedState(join(testdir({ "state.json": content }), "state.json"));
}

// As CRI-O 1.36 wrote it, but for times in milliseconds.
const modern =
  `{"ociVersion":"1.0.2-dev","id":"${id}","status":"stopped","pid":6424,"bundle":"/run/b",` +
  `"annotations":{"b":"1","a":"{\\"x\\":\\"<&>\\"}"},"created":"2026-11-23T10:55:50.522Z",` +
  `"started":"2026-11-23T10:55:50.549Z","finished":"2026-11-23T10:55:50.547Z","exitCode":137,"oomKilled":true,` +
  `"error":"e","initPid":6424,"initStartTime":"322639","checkpointedTime":"${zero}",` +
  `"containerMonitorProcess":{"pid":6413,"startTime":"322637"}}\n`;

describe("state.json", () => {
  test("of CRI-O comes back as it was, key by key", () => {
    const state = readState(modern);
    expect(state === undefined ? undefined : formatPersistedState(state)).toBe(modern);
  });

  test("is written over what stands there: nanoseconds and unknown fields stay", () => {
    const persisted = modern
      .replace("50.522Z", "50.522844926Z")
      .replace("50.549Z", "50.549000001+01:00")
      .replace('"error":"e"', '"seccompKilled":true,"error":"e"')
      .replace(`"checkpointedTime":"${zero}"`, '"checkpointedTime":"2026-11-23T11:00:00.123456789Z"')
      .replace('"startTime":"322637"}}', '"startTime":"322637"},"later":{"serial":18446744073709551615}}');
    const before = parseExactJson("state.json", persisted);
    const state = readState(persisted);
    expect(state === undefined ? undefined : formatPersistedState(state, before)).toBe(persisted);
    // What changed is written anew, and what ended is gone.
    const { exitCode, finished, ...rest } = state ?? ({} as ContainerState);
    expect([exitCode, finished]).toEqual([137, new Date("2026-11-23T10:55:50.547Z")]);
    const started = new Date("2026-11-23T12:00:00.5Z");
    const text = formatPersistedState({ ...rest, started, status: "running" }, before);
    expect(JSON.parse(text)).toMatchObject({
      status: "running",
      created: "2026-11-23T10:55:50.522844926Z",
      started: "2026-11-23T12:00:00.500Z",
      finished: zero,
    });
    expect(text).not.toContain("exitCode");
    expect(text).toContain('"later":{"serial":18446744073709551615}');
  });

  test("leaves out what is not set", () => {
    const state = readState(`{"ociVersion":"1.0.2","id":"${id}","status":"running","bundle":"/b"}`);
    expect(state === undefined ? undefined : formatPersistedState(state)).toBe(
      `{"ociVersion":"1.0.2","id":"${id}","status":"running","bundle":"/b","created":"${zero}",` +
        `"started":"${zero}","finished":"${zero}","checkpointedTime":"${zero}"}\n`,
    );
  });

  test("keeps an exit code of 0", () => {
    const state = readState(modern.replace('"exitCode":137', '"exitCode":0'));
    expect(state === undefined ? undefined : formatPersistedState(state)).toContain('"exitCode":0,');
  });

  test.each([
    ["of 1.0 that stopped with 0, which it leaves out", '{"status":"stopped"}', 0],
    ["of 1.0 that stopped with 3", '{"status":"stopped","exitCode":3}', 3],
    ["of 1.0 that stopped, nobody knows how", '{"status":"stopped","exitCode":-1}', undefined],
    ["of 1.0 that runs", '{"status":"running"}', undefined],
    ["of 1.26 that stopped, nobody knows how", '{"status":"stopped","initPid":5}', undefined],
    [
      "of 1.36 that stopped, nobody knows how",
      `{"status":"stopped","checkpointedTime":"${zero}"}`,
      undefined,
    ],
    ["of 1.36 that stopped with 0", '{"status":"stopped","initPid":5,"exitCode":0}', 0],
  ])("tells the exit code of a container %s", (_, content, exitCode) => {
    expect(readState(content)?.exitCode).toBe(exitCode);
  });

  test("of the wrong types holds nothing", () => {
    const content = '{"id":1,"status":2,"pid":"3","annotations":{"a":1,"b":"x"},"created":4,"initPid":"5"}';
    expect(readState(content)).toEqual({
      ociVersion: "",
      id: "",
      status: "unknown",
      pid: 0,
      bundle: "",
      annotations: { b: "x" },
      oomKilled: false,
      error: "",
    });
  });

  test("that is missing, empty or no object is none; that is no JSON is CORRUPT", async () => {
    expect(readPersistedState(join(testdir(), "state.json"))).toBeUndefined();
    for (const content of ["", "\n", "[]", "null"]) expect(readState(content)).toBeUndefined();
    const error = await failureOf(() => readState('{"id":'));
    expect(error.code).toBe("CORRUPT");
    expect(error.message).toContain("state.json does not hold valid JSON");
  });
});

test.each([
  ["2026-11-23T10:55:50.522844926Z", 1795431350522],
  ["2026-11-23T10:55:50.5+01:00", 1795427750500],
  ["2026-11-23T10:55:50Z", 1795431350000],
  [zero, undefined],
  ["", undefined],
  ["soon", undefined],
  [5, undefined],
  [undefined, undefined],
])("the time %s", (text, expected) => {
  expect(readTime(text)?.getTime()).toBe(expected);
});

test.each([
  ["created", "created"],
  ["creating", "creating"],
  ["running", "running"],
  ["paused", "paused"],
  ["stopped", "stopped"],
  ["", "unknown"],
  ["Running", "unknown"],
  [null, "unknown"],
])("the status %s is %s", (word, expected) => {
  expect(readStatus(word)).toBe(expected);
});

test("a map of texts keeps its texts only", () => {
  expect(textMap({ a: "x", b: 1, c: null, d: "" })).toEqual({ a: "x", d: "" });
  expect([textMap(null), textMap(["x"]), textMap("x")]).toEqual([{}, {}, {}]);
});
