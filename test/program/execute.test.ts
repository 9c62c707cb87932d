import { command, type Command } from "../../src/program/command";
import type { CommandDescription } from "../../src/shell/command";
import type { BaseContext, CommandContext } from "../../src/shell/context";
import { ClosedPipeError, InterruptedError, UsageError } from "../../src/shell/errors";
import { execute } from "../../src/program/execute";
import { KpodError } from "../../src/lib/errors";
import { bufferTerminal } from "../helpers/buffer-terminal";

/** A list of one command, `do`, that does what the test says. */
function commandsOf(
  run: (context: BaseContext) => Promise<number> | number,
  needsRoot?: true,
): readonly Command[] {
  return [
    command(
      "do",
      {
        group: "look",
        order: 10,
        summary: "Do it",
        ...(needsRoot && { needsRoot }),
        usage: "",
        arguments: { min: 0, max: 0, name: "no arguments" },
        flags: { loud: { help: "Loudly" } },
        examples: [],
      },
      () => Promise.resolve({ run }),
    ),
  ];
}

async function outcome(
  run: (context: BaseContext) => Promise<number> | number,
  argv: readonly string[] = ["do"],
) {
  const terminal = bufferTerminal();
  const code = await execute(argv, terminal, commandsOf(run));
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

function throwing(error: Error): () => Promise<number> {
  return () => Promise.reject(error);
}

test("the exit code is the command's", async () => {
  expect(await outcome(() => 137)).toEqual({ code: 137, stdout: "", stderr: "" });
});

const take = {
  group: "look",
  order: 10,
  summary: "Take",
  usage: "NAME NAME",
  arguments: { min: 2, max: 2, name: "NAME NAME" },
  flags: {
    "no-trunc": { help: "Whole" },
    label: { argument: "L", repeatable: true, help: "Labels" },
    mode: { argument: "M", choices: ["fast", "slow"], default: "slow", help: "Mode" },
    time: { argument: "T", type: "number", help: "Time" },
  },
  examples: [],
} as const satisfies CommandDescription;

test("a command reads flags, arguments and global flags by its types", async () => {
  const seen: unknown[] = [];
  const run = ({ flags, args: [first, second], globals }: CommandContext<typeof take>) => {
    const mode: "fast" | "slow" = flags.mode;
    const time: number | undefined = flags.time;
    seen.push([flags.noTrunc, flags.label, mode, time, first.length, second.length, globals.root]);
    return 0;
  };
  const commands = [command("take", take, () => Promise.resolve({ run }))];
  const flags = ["--label=x", "--label", "y", "--no-trunc", "--time=2", "--mode=fast", "--root=/r"];
  await execute(["take", "ab", "c"], bufferTerminal(), commands);
  await execute(["take", "a", ...flags, "b"], bufferTerminal(), commands);
  expect(seen).toEqual([
    [false, [], "slow", undefined, 2, 1, undefined],
    [true, ["x", "y"], "fast", 2, 1, 1, "/r"],
  ]);
});

test("an error of the library is one line: message, then hint", async () => {
  const error = new KpodError("NOT_FOUND", "image x is not in the store", { hint: "load it" });
  expect(await outcome(throwing(error))).toEqual({
    code: 1,
    stdout: "",
    stderr: "Error: image x is not in the store: load it\n",
  });
});

test("lines and control characters of a message do not get through", async () => {
  const { stderr } = await outcome(throwing(new KpodError("IO", "runc:\n  failed \x1b[2J\n")));
  expect(stderr).toBe("Error: runc: failed \\x1b[2J\n");
});

test("an error of node's own is unexpected", async () => {
  const error = Object.assign(new TypeError("bad argument"), { code: "ERR_INVALID_ARG_TYPE" });
  expect((await outcome(throwing(error))).stderr).toMatch(
    /^Error: unexpected failure in kpod: bad argument:/,
  );
});

test("an error of the operating system is told in its own words", async () => {
  const error = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  expect((await outcome(throwing(error))).stderr).toBe("Error: ENOSPC: no space left on device, write\n");
});

test.each<unknown>([new TypeError("x is not a function"), "text", undefined])(
  "what nobody foresaw is one line too: %s",
  async (thrown) => {
    const { code, stderr } = await outcome(throwing(thrown as Error));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Error: unexpected failure in kpod: [^\n]*--log-level debug[^\n]*\n$/);
  },
);

test("--log-level debug shows the stacks of the error and of its cause", async () => {
  const error = new KpodError("CORRUPT", "bad file", { cause: new SyntaxError("Unexpected token") });
  const { stderr } = await outcome(throwing(error), ["do", "--log-level", "debug"]);
  expect(stderr).toMatch(
    /^Error: bad file\nKpodError: bad file\n(.*\n)* {4}at .*\n(.*\n)*caused by SyntaxError: Unexpected token\n/,
  );
});

test("a command's wrong usage points to the help of that command", async () => {
  expect(await outcome(throwing(new UsageError("template: unclosed action")))).toEqual({
    code: 2,
    stdout: "",
    stderr: "Error: template: unclosed action\nRun 'kpod do --help' for help.\n",
  });
});

test("wrong usage before the command points to the help of kpod", async () => {
  expect(await outcome(() => 0, ["--bogus", "do"])).toMatchObject({
    code: 2,
    stderr: "Error: unknown option '--bogus'\nRun 'kpod --help' for help.\n",
  });
});

test("an unknown command is 3", async () => {
  expect(await outcome(() => 0, ["dou"])).toMatchObject({
    code: 3,
    stderr: "Error: unknown command 'dou' (did you mean do?)\nRun 'kpod --help' for help.\n",
  });
});

test("an escape sequence in a command's name does not reach the terminal", async () => {
  const { stderr } = await outcome(() => 0, ["\x1b[2J"]);
  expect(stderr).toBe("Error: unknown command '\\x1b[2J'\nRun 'kpod --help' for help.\n");
});

test.each([
  [141, new ClosedPipeError("closed")],
  [130, new InterruptedError("SIGINT", 2)],
  [143, new InterruptedError("SIGTERM", 15)],
])("ends with %d and without a word", async (code, error) => {
  expect(await outcome(throwing(error))).toEqual({ code, stdout: "", stderr: "" });
});

test("the failure of one argument is a line, and the others go on", async () => {
  const result = await outcome(({ reportFailure, terminal }) => {
    reportFailure(new KpodError("NOT_FOUND", "no container a"));
    terminal.out("b\n");
    return 1;
  });
  expect(result).toEqual({ code: 1, stdout: "b\n", stderr: "Error: no container a\n" });
});

test.each([
  [141, new ClosedPipeError("closed")],
  [130, new InterruptedError("SIGINT", 2)],
  [1, new KpodError("INTERRUPTED", "interrupted by nobody")],
])("what ends the command is not the failure of one argument: %d", async (code, error) => {
  const result = await outcome(({ reportFailure }) => {
    reportFailure(error);
    return 1;
  });
  expect(result).toEqual({ code, stdout: "", stderr: "" });
});

test.each<[string, { needsRoot?: true }]>([
  ["a command that changes something is asked to stop by a signal, not ended", { needsRoot: true }],
  ["a command that only looks leaves signals alone until it waits", {}],
])("%s", async (_, { needsRoot }) => {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  const counts = () => signals.map((signal) => process.listenerCount(signal));
  const before = counts();
  let during: number[] = [];
  const run = () => {
    during = counts();
    return 0;
  };
  try {
    await execute(["do"], bufferTerminal(), commandsOf(run, needsRoot));
    expect(during).toEqual(before.map((count) => count + (needsRoot === true ? 1 : 0)));
  } finally {
    for (const signal of signals) {
      for (const listener of process.rawListeners(signal).slice(before[signals.indexOf(signal)])) {
        process.off(signal, listener as () => void);
      }
    }
  }
});

test("no command shows help and is no error", async () => {
  const { code, stdout, stderr } = await outcome(() => 1, []);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^Usage: kpod \[global flags\] COMMAND/);
});

test("the version", async () => {
  expect(await outcome(() => 1, ["do", "--version"])).toEqual({
    code: 0,
    stdout: "kpod version 0.0.0-test\n",
    stderr: "",
  });
});

test("colours are for terminals that want them", async () => {
  const terminal = bufferTerminal({ errorColor: true });
  await execute(
    ["nothing"],
    terminal,
    commandsOf(() => 0),
  );
  expect(terminal.stderr).toContain("\x1b[31mError:\x1b[39m unknown command 'nothing'\n");
});

test("loadConfig takes the global flags", async () => {
  const seen: unknown[] = [];
  await outcome(async ({ loadConfig }) => {
    const config = await loadConfig();
    seen.push(config.root, config.runRoot, config.storage, config.storageOptions, config.runtime);
    return 0;
  }, "--root /r --runroot /rr do -s vfs --storage-opt a=b --runtime /bin/crun".split(" "));
  expect(seen).toEqual(["/r", "/rr", "vfs", ["a=b"], "/bin/crun"]);
});
