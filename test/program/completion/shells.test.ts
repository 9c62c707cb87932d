import { join } from "node:path";
import { shells, type Shell } from "../../../src/program/completion/scripts/completion-script";
import type { FlagSpecs } from "../../../src/shell/flags";
import { globalFlags } from "../../../src/shell/global-flags";
import { commands } from "../../../src/program/command-list";
import { completionIds, completionStore } from "../../helpers/completion-store";
import { completedOnTerminal, completionsIn } from "../../helpers/shells";
import { testdir } from "../../helpers/testdir";

const home = testdir({ ...completionStore(), "images/app.tar": "", "images/sub/": null });
const store = `--root ${join(home, "root")} --runroot=${join(home, "runroot")}`;
const job = "k8s_job_shop_default_u1_";
const running = [`${job}1`, "shop/web"];

/** Lines, and what is offered at their ends, in this order where it is kpod that says the order. */
const cases: readonly (readonly [line: string, expected: readonly string[]])[] = [
  ["kpod pau", ["pause"]],
  ["kpod pod un", ["unpause"]],
  ["kpod --log-level debug pod un", ["unpause"]],
  ["kpod nothing-like-it ", []],
  ["kpod ps --form", ["--format"]],
  ["kpod ps --sort na", ["names"]],
  ["kpod ps --sort=na", ["names"]],
  ["kpod ps -n 5 --sort na", ["names"]],
  ["kpod kill -s US", ["USR1", "USR2"]],
  ["kpod kill --signal=US", ["USR1", "USR2"]],
  ["kpod -s o", ["overlay"]],
  ["kpod --log-level w", ["warn"]],
  ["kpod ps --log-level w", ["warn"]],
  ["kpod completion z", ["zsh"]],
  ["kpod help pod unp", ["unpause"]],
  ["kpod --config im", ["images/"]],
  ["kpod load images/a", ["images/app.tar"]],
  ["kpod --root im", ["images/"]],
  // A letter that is a switch of the command, and the storage driver before it.
  ["kpod ps -s --sort na", ["names"]],
  // Filters.
  ["kpod ps -f stat", ["status="]],
  ["kpod ps -f status=pa", ["status=paused"]],
  ["kpod ps --filter name=x,status!=pa", ["name=x,status!=paused"]],
  [`kpod ${store} ps -f pod=s`, ["pod=shop"]],
  [`kpod ${store} ps -f pod=shop,name=c`, ["pod=shop,name=cache"]],
  // Names.
  [`kpod ${store} stop `, running],
  [`kpod stop ${store} `, running],
  [`kpod stop -t 0 ${store} `, running],
  [`kpod stop -t0 ${store} -- `, running],
  [`kpod ${store} stop shop/web `, [`${job}1`]],
  [`kpod ${store} unpause `, ["cache"]],
  [`kpod ${store} rm shop/`, ["shop/web", "shop/cache"]],
  [`kpod ${store} rm -f ab1`, [completionIds.shopWeb.slice(0, 13)]],
  [`kpod ${store} rename cac`, ["cache"]],
  [`kpod ${store} rename cache `, []],
  [`kpod ${store} pod rm `, ["dns", "shop", "idle"]],
  [`kpod ${store} pod rm dns `, ["shop", "idle"]],
  [`kpod ${store} run --pod s`, ["shop"]],
  [`kpod ${store} run --pod=s`, ["shop"]],
  [`kpod ${store} run loc`, ["localhost/app:1"]],
  [`kpod ${store} run localhost/app:`, ["localhost/app:1"]],
  [`kpod ${store} run busybox ec`, []],
  [`kpod ${store} run busybox --p`, []],
  [`kpod ${store} run -v /nowhere-at-all`, []],
  [`kpod ${store} -s overlay unpause `, ["cache"]],
  // Paths in containers.
  [`kpod ${store} cp cac`, ["cache:"]],
  [`kpod ${store} cp images/app.tar shop/c`, ["shop/cache:"]],
  [`kpod ${store} cp cache:`, ["cache:/bin/", "cache:/etc/", "cache:/srv/", "cache:/usr/"]],
  [`kpod ${store} cp cache:/etc/`, ["cache:/etc/hosts", "cache:/etc/motd"]],
  [`kpod ${store} cp cache:/etc/.`, ["cache:/etc/.hidden"]],
  [`kpod ${store} cp cache:/bin/s`, ["cache:/bin/sh"]],
  [`kpod ${store} cp cache:usr/../etc/mo`, ["cache:usr/../etc/motd"]],
  // Out of the container nothing leads.
  [`kpod ${store} cp cache:/srv/out/`, ["cache:/srv/out/hosts", "cache:/srv/out/motd"]],
  [`kpod ${store} cp cache:/srv/round/`, []],
  [`kpod ${store} cp none:/`, []],
  [`kpod ${store} cp images/a`, ["images/app.tar"]],
  // The letter is the signal here, and no driver of the store.
  [`kpod ${store} kill -s TERM ca`, ["cache"]],
  [`kpod --root /nowhere rm `, []],
];

/** What a shell inserts, without what stands on the line already. */
function inserted(shell: Shell, line: string, value: string): string {
  const word = line.split(" ").at(-1) ?? "";
  // fish and zsh name the whole word. bash names what readline replaces, which begins behind = and :.
  const flag = /^--[\w-]+=/.exec(word)?.[0] ?? "";
  if (shell === "bash") return word.slice(flag.length, bashWordStart(word)) + value;
  return value.slice(flag.length);
}

function bashWordStart(word: string): number {
  return Math.max(word.lastIndexOf("="), word.lastIndexOf(":")) + 1;
}

describe.each(shells)("%s", (shell) => {
  test("offers what fits", async () => {
    // bash leaves files to readline, and zsh offers them in pieces: see the test on a terminal.
    const asked = cases.filter(([, expected]) => shell === "fish" || !expected.some(isPath));
    const lines = asked.map(([line]) => line);
    const answers = await completionsIn(shell, lines, home);
    const found = lines.map((line, index) => [
      line,
      (answers[index] ?? []).map(({ value }) => inserted(shell, line, value)),
    ]);
    expect(found).toEqual(asked.map(([line, expected]) => [line, expected]));
  });

  test("offers all commands, flags and template fields that there are", async () => {
    const words = [
      { line: "kpod ", expected: commands.map(({ path }) => path[0]) },
      { line: "kpod pod ", expected: commands.flatMap(({ path }) => (path[0] === "pod" ? [path[1]] : [])) },
    ];
    const flags = commands.map(({ path, flags: own }) => ({
      line: ["kpod", ...path, "--"].join(" "),
      expected: visibleNames({ ...globalFlags, ...own }),
    }));
    const templates = commands.flatMap(({ path, flags: own }) =>
      Object.entries(own).flatMap(([long, { completes }]) => {
        if (typeof completes !== "object" || !("fields" in completes)) return [];
        const before = ["kpod", ...path, `--${long}`, ""].join(" ");
        return [
          {
            line: `${before}'{{.ID}} {{json .`,
            expected: completes.fields.map((field) => `{{.ID}} {{json .${field}}}`),
          },
          { line: before, expected: ["json", ...completes.fields.map((field) => `{{.${field}}}`)] },
        ];
      }),
    );
    expect(templates.length).toBeGreaterThan(5);
    const asked = [...words, ...flags, ...templates];
    const answers = await completionsIn(
      shell,
      asked.map(({ line }) => line),
      home,
    );
    const found = asked.map(({ line }, index) => ({
      line,
      expected: new Set((answers[index] ?? []).map(({ value }) => value)),
    }));
    expect(found).toEqual(asked.map(({ line, expected }) => ({ line, expected: new Set(expected) })));
  });

  test("does not offer again what may be given once, nor what excludes what is given", async () => {
    const [once, many] = await completionsIn(
      shell,
      ["kpod ps -a --", "kpod run -e A=B --env C=D --env"],
      home,
    );
    const offered = (once ?? []).map(({ value }) => value);
    for (const gone of ["--all", "--last", "--latest"]) expect(offered).not.toContain(gone);
    expect(offered).toContain("--quiet");
    expect((many ?? []).map(({ value }) => value)).toEqual(["--env", "--env-file"]);
  });

  test("completes what is typed on a terminal", async () => {
    const storeWords = store.split(" ");
    const typed: readonly (readonly [line: string, words: readonly string[]])[] = [
      ["kpod unpa", ["kpod", "unpause"]],
      [`kpod ${store} unpause c`, ["kpod", ...storeWords, "unpause", "cache"]],
      [`kpod ${store} run --pod=s`, ["kpod", ...storeWords, "run", "--pod=shop"]],
      [`kpod ${store} run localhost/a`, ["kpod", ...storeWords, "run", "localhost/app:1"]],
      [`kpod ${store} run localhost/app:`, ["kpod", ...storeWords, "run", "localhost/app:1"]],
      [`kpod ${store} cp images/a`, ["kpod", ...storeWords, "cp", "images/app.tar"]],
      [`kpod ${store} cp cache:/etc/mo`, ["kpod", ...storeWords, "cp", "cache:/etc/motd"]],
      [`kpod ${store} cp cache:/sr`, ["kpod", ...storeWords, "cp", "cache:/srv/"]],
      [`kpod ${store} cp cache:/srv/a`, ["kpod", ...storeWords, "cp", "cache:/srv/a name's"]],
      ["kpod load images/a", ["kpod", "load", "images/app.tar"]],
      ["kpod --config=images/a", ["kpod", "--config=images/app.tar"]],
      ["kpod --root images/s", ["kpod", "--root", "images/sub/"]],
      ["kpod ps --filter name=x,status=pau", ["kpod", "ps", "--filter", "name=x,status=paused"]],
      ["kpod ps --sort run", ["kpod", "ps", "--sort", "runningfor"]],
    ];
    const words = await completedOnTerminal(
      shell,
      typed.map(([line]) => line),
      home,
    );
    // zsh takes the slash behind a directory back when something else than a path follows.
    const found = words.map((all) => all.map((word) => word.replace(/images\/sub$/, "images/sub/")));
    expect(found).toEqual(typed.map(([, expected]) => expected));
  });
});

function visibleNames(flags: FlagSpecs): string[] {
  return Object.entries(flags).flatMap(([long, { hidden }]) => (hidden === true ? [] : [`--${long}`]));
}

function isPath(word: string): boolean {
  return word.startsWith("images/");
}

test.each(["zsh", "fish"] as const)("%s shows what a name is", async (shell) => {
  const [names] = await completionsIn(shell, [`kpod ${store} pod rm `], home);
  expect(names).toEqual([
    { value: "dns", description: "not ready, 1 container, namespace kube-system" },
    { value: "shop", description: "ready, 4 containers, namespace default" },
    { value: "idle", description: "ready, 0 containers, namespace default" },
  ]);
});
