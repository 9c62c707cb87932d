import { command, type Command } from "../../src/program/command";
import { UnknownCommandError, UsageError } from "../../src/shell/errors";
import { parseCommandLine } from "../../src/program/command-line";
import type { Request } from "../../src/program/command-line";
import { commands } from "../../src/program/command-list";

/** What a command line asks for, as far as the tests tell it: the path, and what was given. */
async function parse(line: string, known: readonly Command[] = commands): Promise<unknown> {
  const request: Request = await parseCommandLine(line === "" ? [] : line.split(" "), known);
  if (request.kind !== "command") return request;
  const given = Object.fromEntries(request.given);
  return { path: request.command.path.join(" "), given, args: request.args, globals: request.globals };
}

async function failure(line: string, commands?: readonly Command[]): Promise<UsageError> {
  try {
    await parse(line, commands);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error(`${line} was taken`);
}

const sized: readonly Command[] = [
  command(
    "list",
    {
      group: "look",
      order: 10,
      summary: "List",
      usage: "[flags]",
      arguments: { min: 0, name: "NAME..." },
      flags: {
        size: { short: "s", help: "Sizes" },
        number: { argument: "N", type: "number", help: "Number" },
      },
      examples: [],
    },
    () => Promise.resolve({ run: () => 0 }),
  ),
];

describe("another node", () => {
  test("gets the words as they are, the global flags before them", async () => {
    expect(
      await parse("--host n1 --log-level debug -c /etc/x --storage-opt a --storage-opt b exec -it web sh"),
    ).toEqual({
      kind: "remote",
      node: "n1",
      words: [
        ...["--log-level=debug", "--config=/etc/x", "--storage-opt=a", "--storage-opt=b"],
        ...["exec", "-it", "web", "sh"],
      ],
      command: expect.objectContaining({ path: ["exec"], readsInput: true }) as unknown,
      logLevel: "debug",
    });
  });

  test("may know other commands, and flags, than this kpod", async () => {
    expect(await parse("--host n1 newest --flag x")).toMatchObject({
      words: ["newest", "--flag", "x"],
      command: undefined,
    });
    expect(await parse("--host n1 pod ps -q")).toMatchObject({ command: { path: ["pod", "ps"] } });
    expect(await parse("--host n1 --version")).toMatchObject({ kind: "remote", words: ["--version"] });
  });

  test("may be named behind the command", async () => {
    expect(
      await parse("--log-level debug ps --size --last 3 --filter name=x --filter pod=y --host n1"),
    ).toMatchObject({
      ...{ kind: "remote", node: "n1" },
      words: ["--log-level=debug", "ps", "--size", "--last=3", "--filter=name=x", "--filter=pod=y"],
    });
    expect(await parse("rm --host n1 --force -- -x")).toMatchObject({ words: ["rm", "--force", "--", "-x"] });
    expect(await parse("exec --host n1 -it web ls -- -l")).toMatchObject({
      words: ["exec", "--interactive", "--tty", "web", "ls", "--", "-l"],
    });
    // Behind the first argument it is a word of the container's command.
    expect(await parse("exec web cmd --host n1")).toMatchObject({
      path: "exec",
      args: ["web", "cmd", "--host", "n1"],
    });
    expect(await parse("--host n1")).toEqual({ kind: "help", path: [] });
  });
});

describe("commands", () => {
  test.each([
    ["ps", "ps", {}, []],
    ["ps -aq --no-trunc", "ps", { all: true, quiet: true, "no-trunc": true }, []],
    ["ps -n 5", "ps", { last: 5 }, []],
    ["ps -n5", "ps", { last: 5 }, []],
    ["ps -n=5", "ps", { last: 5 }, []],
    ["ps -qn 5", "ps", { quiet: true, last: 5 }, []],
    ["ps --last=5", "ps", { last: 5 }, []],
    ["ps --all=true --quiet=false", "ps", { all: true }, []],
    ["ps -a --all=false", "ps", {}, []],
    ["ps --all=false -a", "ps", { all: true }, []],
    ["ps --format json", "ps", { format: "json" }, []],
    ["load -q - --tag a:1", "load", { quiet: true, tag: "a:1" }, ["-"]],
    ["load -- -q", "load", {}, ["-q"]],
    ["-- ps -q", "ps", { quiet: true }, []],
    ["pod ps -q", "pod ps", { quiet: true }, []],
    ["unmount -f web", "umount", { force: true }, ["web"]],
    ["pod run --label a=b --label c=d", "pod run", { label: ["a=b", "c=d"] }, []],
    [
      "run -d -e A=B --env=C= busybox sh -c -d --root /x",
      "run",
      { detach: true, env: ["A=B", "C="] },
      ["busybox", "sh", "-c", "-d", "--root", "/x"],
    ],
    ["run -- busybox -x", "run", {}, ["busybox", "-x"]],
    ["run busybox -- -x", "run", {}, ["busybox", "--", "-x"]],
  ])("kpod %s", async (line, path, given, args) => {
    expect(await parse(line)).toMatchObject({ path, args });
    expect(await parse(line)).toHaveProperty("given", given);
  });

  test.each([
    ["", []],
    ["--root /x", []],
    ["--help", []],
    ["-h ps", ["ps"]],
    ["ps --help", ["ps"]],
    ["ps -qh", ["ps"]],
    ["load --help", ["load"]],
    ["pod", ["pod"]],
    ["pod --root /x", ["pod"]],
    ["pod -h", ["pod"]],
    ["pod run -h", ["pod", "run"]],
  ])("kpod %s asks for help", async (line, path) => {
    expect(await parse(line)).toEqual({ kind: "help", path });
  });

  test.each(["--version", "-v", "-v ps", "ps --version", "pod -v"])(
    "kpod %s asks for the version",
    async (line) => {
      expect(await parse(line)).toEqual({ kind: "version" });
    },
  );

  test("after run, -v is the volume and the help of the container's command its own", async () => {
    expect(await parse("run -v /a:/b busybox --help")).toMatchObject({
      given: { volume: ["/a:/b"] },
      args: ["busybox", "--help"],
    });
  });
});

describe("global flags", () => {
  const defaults = { logLevel: "error", storageOpt: [], help: false, version: false };

  test.each([
    ["ps", {}],
    ["--root /a ps", { root: "/a" }],
    ["ps --root /a", { root: "/a" }],
    ["--root /a ps --root /b", { root: "/b" }],
    ["-c /a -s vfs ps", { config: "/a", storageDriver: "vfs" }],
    ["pod ps -c /a -s vfs", { config: "/a", storageDriver: "vfs" }],
    ["--storage-opt a ps --storage-opt b --storage-opt=c", { storageOpt: ["a", "b", "c"] }],
    ["--root /a pod --runroot /b ps --runtime /c", { root: "/a", runroot: "/b", runtime: "/c" }],
    ["--log-level debug ps --lock-timeout 0.5", { logLevel: "debug", lockTimeout: 0.5 }],
    ["--lock-timeout 0 ps", { lockTimeout: 0 }],
  ])("kpod %s", async (line, globals) => {
    expect(await parse(line)).toHaveProperty("globals", { ...defaults, ...globals });
  });

  test("a command's own short flag wins after its name, and the global one before it", async () => {
    expect(await parse("list -s", sized)).toMatchObject({ given: { size: true }, globals: defaults });
    expect(await parse("-s vfs list -s --storage-driver overlay", sized)).toMatchObject({
      given: { size: true },
      globals: { storageDriver: "overlay" },
    });
  });
});

describe("wrong usage", () => {
  test.each([
    ["ps --format", "option --format requires a value", "ps"],
    ["ps --format -q", "option --format requires a value", "ps"],
    ["ps --format --no-trunc", "option --format requires a value", "ps"],
    ["ps --format=", "option --format requires a value", "ps"],
    ["ps -n", "option --last requires a value", "ps"],
    ["ps -n -1", "option --last requires a value", "ps"],
    ["--root", "option --root requires a value", ""],
    ["--root --runroot /x ps", "option --root requires a value", ""],
    ["pod --root", "option --root requires a value", "pod"],
    ["logs --stream xml web", 'invalid value "xml" for --stream: it must be stdout or stderr', "logs"],
    ["ps --last x", 'invalid value "x" for --last: it must be an integer of at least 0', "ps"],
    ["ps --last 1.5", 'invalid value "1.5" for --last: it must be an integer of at least 0', "ps"],
    ["ps --last=-1", 'invalid value "-1" for --last: it must be an integer of at least 0', "ps"],
    ["ps --last 0x10", 'invalid value "0x10" for --last: it must be an integer of at least 0', "ps"],
    ["ps --last 1e3", 'invalid value "1e3" for --last: it must be an integer of at least 0', "ps"],
    [
      "ps --last 99999999999999999999",
      'invalid value "99999999999999999999" for --last: it must be an integer of at least 0',
      "ps",
    ],
    [
      "--lock-timeout soon ps",
      'invalid value "soon" for --lock-timeout: it must be a number of at least 0',
      "",
    ],
    [
      "ps --log-level loud",
      'invalid value "loud" for --log-level: it must be debug, info, warn, error, fatal or panic',
      "ps",
    ],
    [
      "run --pull sometimes x",
      'invalid value "sometimes" for --pull: it must be always, missing or never',
      "run",
    ],
    ["ps --all=maybe", 'invalid value "maybe" for --all: it must be true or false', "ps"],
    ["ps --fromat json", "unknown option '--fromat' (did you mean --format?)", "ps"],
    ["ps -x", "unknown option '-x'", "ps"],
    ["ps -ax", "unknown option '-x'", "ps"],
    ["ps -9", "unknown option '-9'", "ps"],
    ["ps --constructor", "unknown option '--constructor'", "ps"],
    ["--bogus ps", "unknown option '--bogus'", ""],
    ["-a ps", "unknown option '-a'", ""],
    ["run --bogus busybox", "unknown option '--bogus'", "run"],
    ["ps x", "too many arguments, ps takes no arguments", "ps"],
    ["pod ps x", "too many arguments, pod ps takes no arguments", "pod ps"],
    ["load a b", "too many arguments, load takes FILE", "load"],
    ["rmi ", "an empty argument names nothing, rmi takes IMAGE...", "rmi"],
    ["untag web ", "an empty argument names nothing, untag takes IMAGE [NAME...]", "untag"],
    ["cp  web:/", "an empty argument names nothing, cp takes SRC DST", "cp"],
    ["exec  true", "an empty argument names nothing, exec takes CONTAINER COMMAND [ARG...]", "exec"],
    ["tag", "too few arguments, tag takes IMAGE NAME...", "tag"],
    ["run -d", "too few arguments, run takes IMAGE [COMMAND [ARG...]]", "run"],
    ["ps -a -l", "Last, latest and all are mutually exclusive", "ps"],
    ["ps -a -n 1", "Last, latest and all are mutually exclusive", "ps"],
    ["ps -n 0 --latest", "Last, latest and all are mutually exclusive", "ps"],
  ])("kpod %s", async (line, message, command) => {
    const error = await failure(line);
    expect(error.message).toBe(message);
    expect(error.exitCode).toBe(2);
    expect((error.command ?? []).join(" ")).toBe(command);
  });

  test("--all=false does not exclude --latest", async () => {
    expect(await parse("ps --all=false --latest")).toHaveProperty("given", { latest: true });
  });

  test("a number may have a sign and a fraction where no minimum is set", async () => {
    expect(await parse("list --number=-1.5", sized)).toHaveProperty("given", { number: -1.5 });
  });
});

describe("unknown commands", () => {
  const named = (...path: string[]) =>
    command(
      path.join(" "),
      {
        group: "look",
        order: 10,
        summary: "Do it",
        usage: "",
        arguments: { min: 0, name: "NAME..." },
        flags: {},
        examples: [],
      },
      () => Promise.resolve({ run: () => 0 }),
    );
  const commands = [named("ps"), named("images"), named("load"), named("pod", "ps"), named("pod", "run")];

  test.each([
    ["pss", "unknown command 'pss' (did you mean ps?)", ""],
    ["pd", "unknown command 'pd' (did you mean one of pod, ps?)", ""],
    ["imagse", "unknown command 'imagse' (did you mean images?)", ""],
    ["nothing-like-it", "unknown command 'nothing-like-it'", ""],
    ["constructor", "unknown command 'constructor'", ""],
    ["pod rn", "unknown command 'rn' (did you mean run?)", "pod"],
    ["pod load", "unknown command 'load'", "pod"],
    ["--help bogus", "unknown command 'bogus'", ""],
    ["-- -x", "unknown command '-x'", ""],
  ])("kpod %s", async (line, message, family) => {
    const error = await failure(line, commands);
    expect(error).toBeInstanceOf(UnknownCommandError);
    expect(error.message).toBe(message);
    expect(error.exitCode).toBe(3);
    expect((error.command ?? []).join(" ")).toBe(family);
  });
});
