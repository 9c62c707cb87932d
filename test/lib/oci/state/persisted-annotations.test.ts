import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ContainerState } from "../../../../src/lib/oci/state/container-state";
import { failureOf } from "../../../helpers/failure";
import { testdir } from "../../../helpers/testdir";
import { readPersistedLazily, readPersistedState } from "../../../../src/lib/oci/state/persisted";

const id = "71".repeat(32);

function stateOf(annotations: Record<string, string>, more: object = {}): string {
  const before = { ociVersion: "1.0.2-dev", id, status: "running", pid: 7, bundle: "/run/b", annotations };
  const after = { created: "2026-11-23T10:55:50.522Z", started: "2026-11-23T10:55:50.549Z", initPid: 7 };
  return `${JSON.stringify({ ...before, ...after, ...more })}\n`;
}

/** All of a state, its annotations as they are when they are asked for. */
function whole({ annotations, ...rest }: ContainerState): object {
  return { ...rest, annotations };
}

function expectSameAsWhole(path: string): void {
  const persisted = readPersistedLazily(path);
  const read = readPersistedState(path);
  expect(persisted && whole(persisted.state)).toEqual(read && whole(read));
  expect(persisted?.annotated ?? false).toBe(Object.keys(read?.annotations ?? {}).length > 0);
}

test.each([
  ["annotations", stateOf({ a: "1", b: "2" })],
  ["no annotations", stateOf({})],
  ["texts that look like its parts", stateOf({ a: '"},"created":"x', ',"annotations":{"': '},"created":"' })],
  ["characters of other scripts", stateOf({ größe: "✓" }, { bundle: "/run/ü" })],
  ["a state of other form", JSON.stringify({ status: "stopped", id, annotations: { a: "1" } })],
  ["more than is looked at at once", stateOf({ a: "x".repeat(70_000) })],
  ["nothing", ""],
  ["fields that nobody knows", stateOf({ a: "1" }, { more: { annotations: { b: "2" } }, exitCode: 3 })],
])("a state.json with %s is read as when all of it is parsed", (_, content) => {
  expectSameAsWhole(join(testdir({ "state.json": content }), "state.json"));
});

test("annotations are read when they are asked for, and only then", () => {
  const path = join(testdir({ "state.json": stateOf({ a: "1" }) }), "state.json");
  const persisted = readPersistedLazily(path);
  writeFileSync(path, stateOf({ a: "2" }));
  expect(persisted?.state.annotations).toEqual({ a: "2" });
  writeFileSync(path, stateOf({ a: "3" }));
  expect(persisted?.state.annotations).toEqual({ a: "2" });
});

test("one that is not there is none, and one that is broken is named", async () => {
  const directory = testdir({ "state.json": stateOf({ a: "1" }).slice(0, -9) });
  expect(readPersistedLazily(join(directory, "other.json"))).toBeUndefined();
  const error = await failureOf(() => readPersistedLazily(join(directory, "state.json")));
  expect(error.code).toBe("CORRUPT");
  expect(error.message).toContain("state.json");
});

const captured = process.env.KPOD_CRIO_DATA ?? "";
const files = existsSync(captured)
  ? readdirSync(captured, { recursive: true, encoding: "utf8" }).filter((name) =>
      /(^|\/)state\.json$/.test(name),
    )
  : [];

// Without the directory of captured data there is nothing to compare.
(files.length > 0 ? test.each(files) : test.skip.each(["no KPOD_CRIO_DATA"]))("captured %s", (name) => {
  expectSameAsWhole(join(captured, name));
});
