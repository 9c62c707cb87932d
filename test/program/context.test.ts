import { join } from "node:path";
import { createContext } from "../../src/program/context";
import { flagValues } from "../../src/program/flag-values";
import { globalFlags } from "../../src/shell/global-flags";
import { commands } from "../../src/program/command-list";
import { bufferTerminal } from "../helpers/buffer-terminal";
import { testdir } from "../helpers/testdir";

const directory = testdir({
  "crio.conf": `[crio]\nroot = "/nonexistent/root"\nrunroot = "/nonexistent/run"\n`,
});

async function budgetsOf(changes: boolean, given: Record<string, number> = {}) {
  const globals = flagValues(
    globalFlags,
    new Map<string, string | number>([["config", join(directory, "crio.conf")], ...Object.entries(given)]),
  );
  const context = createContext(globals, bufferTerminal(), { changes, commands });
  const servers = [await context.openServer(), await context.openServer()];
  return servers.map(({ store }) => store.lockWait.budget);
}

test.each([
  ["a look", false, {}, 1_000],
  ["a change", true, {}, 30_000],
  ["a look that may take its time", false, { "lock-timeout": 60 }, 60_000],
  ["a change in a hurry", true, { "lock-timeout": 0.5 }, 500],
  ["one that waits for ever", true, { "lock-timeout": 0 }, 0],
])("%s has one time for all its servers", async (_, changes, given, limit) => {
  const [first, second] = await budgetsOf(changes, given);
  expect(first?.limitMs).toBe(limit);
  expect(second).toBe(first);
});

test("what looks and what changes", () => {
  const names = (changes: boolean): string[] =>
    commands.filter(({ needsRoot = false }) => needsRoot === changes).map(({ path }) => path.join(" "));
  expect(names(false)).toEqual(
    expect.arrayContaining([
      ...["ps", "inspect", "logs", "stats", "wait", "pod ps", "pod inspect"],
      ...["images", "info", "config", "help", "version", "completion"],
    ]),
  );
  expect(names(true)).toEqual(
    expect.arrayContaining([
      ...["run", "stop", "kill", "pause", "unpause", "rename", "rm"],
      ...["pod run", "pod stop", "pod kill", "pod pause", "pod unpause", "pod rm", "load", "rmi"],
    ]),
  );
});
