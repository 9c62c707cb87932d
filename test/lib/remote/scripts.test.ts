import { execFileSync, spawnSync, type SpawnSyncReturns } from "node:child_process";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { receive, runCarried, shellCommand, shellWord, toldValue } from "../../../src/lib/remote/scripts";
import { testdir } from "../../helpers/testdir";
import { until } from "../../helpers/until";

test("words come out of a shell as they went in", () => {
  const words = ["", "a b", "it's", "$(id)`id`", "\\\\n\\", "-n", "*", "a\nb", '"', "ünï"];
  const printed = execFileSync("sh", ["-c", shellCommand('printf "%s\\0" "$@"', words)], {
    encoding: "utf8",
  });
  expect(printed.split("\0").slice(0, -1)).toEqual(words);
  expect(shellWord("it's")).toBe(`'it'\\''s'`);
});

describe("an executable that is carried", () => {
  const program = "#!/bin/sh\necho kpod version 1\n";

  function carry(
    bytes: string,
    size: number,
    patience = 600,
  ): { home: string; output: string; left: string[] } {
    const command = shellCommand(receive, [String(size), String(patience)]);
    const home = testdir();
    let output = "";
    try {
      const options = {
        input: bytes,
        encoding: "utf8",
        env: { ...process.env, TMPDIR: home },
        stdio: "pipe",
      } as const;
      output = execFileSync("sh", ["-c", command], options);
    } catch (error) {
      output = (error as { stderr: string }).stderr;
    }
    return { home, output, left: readdirSync(home).filter((name) => name.startsWith("kpod-")) };
  }

  function call(directory: string): SpawnSyncReturns<string> {
    return spawnSync("sh", ["-c", shellCommand(runCarried(false), [directory])], { encoding: "utf8" });
  }

  test("arrives whole, for its owner alone, runs, and is gone", () => {
    const { home, output, left } = carry(program, program.length);
    const found = toldValue(output, "directory") ?? "";
    expect(left).toEqual([found.slice(home.length + 1)]);
    expect(readFileSync(join(found, "kpod"), "utf8")).toBe(program);
    expect(statSync(found).mode & 0o777).toBe(0o700);
    expect(call(found)).toMatchObject({ status: 0, stdout: "kpod version 1\n", stderr: "" });
    expect(readdirSync(home)).toEqual([]);
  });

  test("that nobody runs is removed", async () => {
    const { home, output } = carry(program, program.length, 0);
    await until("it is gone", () => readdirSync(home).length === 0);
    expect(call(toldValue(output, "directory") ?? "")).toMatchObject({
      ...{
        status: 1,
        stdout: "",
        stderr: expect.stringMatching(/^the executable .* call it again\n$/) as string,
      },
    });
  });

  test.each<[string, string, string, number?]>([
    ["that was cut off leaves nothing", program.slice(0, 20), "it did not arrive whole"],
    [
      "that does not run there leaves nothing",
      `#!/nowhere/sh\n${" ".repeat(program.length - 14)}`,
      "it does not run there",
    ],
    ["for which nobody has room leaves nothing", program, "takes a program of", 2 ** 50],
  ])("%s", (_, bytes, says, size = program.length) => {
    const { output, left } = carry(bytes, size);
    expect(output).toContain(says);
    expect(left).toEqual([]);
  });
});

test("what a shell prints at its start is no answer", () => {
  expect(toldValue("Welcome!\nkpod-machine=x86_64\n", "machine")).toBe("x86_64");
  expect(toldValue("Welcome to kpod-machine=x\n", "machine")).toBeUndefined();
});
