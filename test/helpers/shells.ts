import { join } from "node:path";
import type { Shell } from "../../src/program/completion/scripts/completion-script";
import { runProcess, succeeded } from "./process";
import { startInPty } from "./pty";
import { until } from "./until";

const repository = join(__dirname, "../..");

/** Where the scripts of the repository lie. */
export const completionFiles: Readonly<Record<Shell, string>> = {
  bash: join(repository, "completions/kpod.bash"),
  zsh: join(repository, "completions/_kpod"),
  fish: join(repository, "completions/kpod.fish"),
};

const starts: Readonly<Record<Shell, readonly string[]>> = {
  bash: ["bash", "--norc", "--noprofile"],
  zsh: ["zsh", "-f"],
  fish: ["fish", "--no-config"],
};

/** The environment in which a shell finds this kpod, and no files of whoever runs the tests. */
function shellEnvironment(home: string): Readonly<Record<string, string>> {
  const path = `${join(repository, "bin")}:${process.env.PATH ?? ""}`;
  return {
    ...{ PATH: path, HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home, XDG_CACHE_HOME: home },
    ...{ ZDOTDIR: home, TMPDIR: home, TERM: "xterm", LC_ALL: "C.UTF-8", COLUMNS: "200" },
  };
}

/** Something that a shell offers. */
export interface Offered {
  readonly value: string;
  /** What the shell shows beside it; bash shows nothing. */
  readonly description: string;
}

/**
 * What a real shell offers at the end of each line.
 * @param home a directory for what the shell keeps
 * @returns the answers in the order of the lines
 */
export async function completionsIn(
  shell: Shell,
  lines: readonly string[],
  home: string,
): Promise<Offered[][]> {
  const [program = "", ...options] = starts[shell];
  const driver = join(__dirname, "shells", `complete.${shell}`);
  const result = await runProcess(program, [...options, driver, completionFiles[shell], ...lines], {
    env: shellEnvironment(home),
    cwd: home,
    // fish asks all its conditions for each of a hundred lines.
    timeout: 110_000,
  });
  expect(result.stderr).toBe("");
  const answers = succeeded(result, shell).stdout.split(/^=\n/m).slice(0, -1);
  return answers.map((answer) => answer.split("\n").slice(0, -1).map(readOffered));
}

function readOffered(line: string): Offered {
  const [value = "", description = ""] = line.split("\t");
  return { value, description: description.replace(/^.*? +-- /, "") };
}

const setups: Readonly<Record<Shell, (file: string) => string>> = {
  // The quotes keep this line, which the terminal shows as well, from being taken for what it prints.
  bash: (file) => `source ${file}; PS1='READY> '; echo SET''UP`,
  zsh: (file) =>
    `bindkey -e; autoload -Uz compinit; compinit -u -D; source ${file}; PS1='READY> '; echo SET''UP`,
  fish: (file) => `source ${file}; function fish_prompt; echo -n 'READY> '; end; echo SET''UP`,
};

const interactive: Readonly<Record<Shell, readonly string[]>> = {
  bash: ["--norc", "--noprofile", "-i"],
  zsh: ["-f", "-i"],
  fish: ["--no-config", "-i"],
};

/**
 * Types lines into an interactive shell on a terminal, each with the tab key behind it.
 * @returns the words that are on each line then, as a command would get them
 */
export async function completedOnTerminal(
  shell: Shell,
  lines: readonly string[],
  home: string,
): Promise<string[][]> {
  const terminal = await startInPty(shell, interactive[shell], {
    columns: 500,
    env: shellEnvironment(home),
  });
  /** Types, and waits until a text is printed and the prompt is there again. */
  const enter = async (keys: string, printed: string): Promise<string> => {
    const before = terminal.output().length;
    terminal.type(keys);
    const shown = () => plainText(terminal.output().slice(before));
    const done = new RegExp(`^${printed}[^]*READY> $`, "m");
    await until(`${shell} has done ${keys}`, () => done.test(shown()));
    return shown();
  };
  await enter(`cd ${home}; ${setups[shell](completionFiles[shell])}\r`, "SETUP");
  const words: string[][] = [];
  for (const line of lines) {
    // The command that shows the words goes to the beginning of the line afterwards.
    const shown = await enter(`${line}\t\x01printf 'GOT:%s|\\n' \r`, "GOT:");
    words.push([...shown.matchAll(/^GOT:(.*)\|$/gm)].map(([, word = ""]) => word));
  }
  terminal.type("exit\r");
  await terminal.ended;
  return words;
}

/** What a terminal shows, without what moves its cursor and paints. */
function plainText(output: string): string {
  return output.replace(
    /\x1b(?:\[[0-9;?>]*[A-Za-z]|[()][A-Z0-9]|[=>]|\][^\x07\x1b]*(?:\x07|\x1b\\))|[\r\x0f]/g,
    "",
  );
}
