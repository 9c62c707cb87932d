import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../../scripts/lib/layout.mjs";
import { contentsOf, useNode } from "../helpers/node";
import { until } from "../helpers/until";

const conmon = findProgram("conmon") ?? "conmon";

/** What the conmon of CRI-O 1.0 lists, by its help. */
const options10 = [
  "-t, --terminal",
  "-i, --stdin",
  "-c, --cid",
  "-u, --cuuid",
  "-r, --runtime",
  "--no-pivot",
  "-b, --bundle",
  "-p, --pidfile",
  "-s, --systemd-cgroup",
  "-e, --exec",
  "--exec-process-spec",
  "--exit-dir",
  "-l, --log-path",
  "-T, --timeout",
  "--log-size-max",
  "--version",
];

const node = useNode();

beforeAll(async () => {
  await node.pod("shop");
}, 120_000);

/**
 * A configuration with a conmon that knows these options and no other: at another one it ends with a word on stdout, as
 * glib does. What the real one needs beyond them it is given here.
 */
function configKnowing(...options: readonly string[]): { config: string; calls: string } {
  const name = `conmon-${Math.random().toString(36).slice(2)}`;
  const path = join(node.world.scratch, name);
  const calls = `${path}.calls`;
  const words = options.flatMap((option) => option.split(", "));
  const help = ["Usage:", "  conmon [OPTION...] - conmon utility", "", "Application Options:"];
  const text = [...help, ...options.map((option) => `  ${option.padEnd(28)} What it does`)].join("\n");
  const script = `#!/bin/sh
if [ "$*" = --help ]; then cat <<'EOF'
${text}
EOF
exit; fi
echo "$*" >>${calls}
for word; do
  case "$word" in
    ${words.join("|")}) ;;
    -*=*|--root=*) ;;
    -*) echo "option parsing failed: Unknown option $word"; exit 1;;
  esac
done
exec ${conmon} -n old --socket-dir-path ${node.world.attachDir} "$@"
`;
  writeFileSync(path, script);
  chmodSync(path, 0o755);
  const config = `${path}.conf`;
  writeFileSync(config, readFileSync(node.world.config, "utf8").replaceAll(`"${conmon}"`, `"${path}"`));
  return { config, calls };
}

test("the conmon of CRI-O 1.0 is given what it knows: the container runs, logs, ends and goes", async () => {
  const { config, calls } = configKnowing(...options10, "--runtime-arg");
  const before = contentsOf(node.world);
  const script = "echo working; exit 3";
  const run = await node.kpod(
    "-c",
    config,
    "run",
    "--pod",
    "shop",
    "--name",
    "job",
    "busybox",
    "sh",
    "-c",
    script,
  );
  expect(run).toEqual({ exitCode: 3, stdout: "working\n", stderr: "" });
  const given = readFileSync(calls, "utf8").match(/(?<= )-{1,2}[a-z-]+/gi) ?? [];
  expect(given).toEqual(expect.arrayContaining(["--exit-dir", "--runtime-arg"]));
  for (const option of ["--log-level", "-n", "-P", "--persist-dir", "--socket-dir-path"]) {
    expect(given).not.toContain(option);
  }
  expect(await node.ok("ps", "-a", "--format", "{{.Status}}")).toMatch(/^Exited \(3\)/);
  await node.ok("rm", "job");
  const kept = (lines: string[]): string[] => lines.filter((line) => !line.startsWith(node.world.logDir));
  expect(kept(contentsOf(node.world))).toEqual(kept(before));
});

test("under such a conmon a container that runs is stopped and removed", async () => {
  const { config } = configKnowing(...options10, "--runtime-arg");
  const before = contentsOf(node.world);
  const words = ["run", "-d", "--pod", "shop", "--name", "web", "busybox", "sleep", "1000"];
  const { exitCode, stderr } = await node.kpod("-c", config, ...words);
  expect([exitCode, stderr]).toEqual([0, ""]);
  expect(await node.ok("ps", "--format", "{{.Status}}")).toMatch(/^Up /);
  await node.ok("rm", "-f", "web");
  const kept = (lines: string[]): string[] => lines.filter((line) => !line.startsWith(node.world.logDir));
  await until("its conmon has ended", () => kept(contentsOf(node.world)).join() === kept(before).join());
});

test.each([
  ["--bundle", options10.filter((option) => !option.includes("--bundle"))],
  ["--cid", options10.filter((option) => !option.includes("--cid"))],
  ["--runtime", options10.filter((option) => !option.includes("--runtime"))],
  ["--container-pidfile", options10.filter((option) => !option.includes("--pidfile"))],
  ["--runtime-arg", options10],
])(
  "one that does not know %s is refused before it is called, and nothing is left",
  async (missing, known) => {
    const { config, calls } = configKnowing(
      ...known,
      ...(missing === "--runtime-arg" ? [] : ["--runtime-arg"]),
    );
    const before = contentsOf(node.world);
    const line = await node.refusal("-c", config, "run", "-d", "--pod", "shop", "busybox", "true");
    expect(line).toMatch(
      new RegExp(
        `^\\S+/conmon-\\w+ does not know the option ${missing}, without which .*: install a newer conmon$`,
      ),
    );
    expect(existsSync(calls)).toBe(false);
    expect(contentsOf(node.world)).toEqual(before);
  },
);

test("a limit of the log that it does not know is not passed over in silence", async () => {
  const { config } = configKnowing(
    ...options10.filter((option) => option !== "--log-size-max"),
    "--runtime-arg",
  );
  writeFileSync(
    config,
    readFileSync(config, "utf8").replace("[crio.runtime]", "[crio.runtime]\nlog_size_max = 8192"),
  );
  const line = await node.refusal("-c", config, "run", "-d", "--pod", "shop", "busybox", "true");
  expect(line).toContain("does not know the option --log-size-max");
});

test("one that lists nothing is given all, and its word on what it does not take is told", async () => {
  const path = join(node.world.scratch, "conmon-silent");
  const script = `#!/bin/sh\n[ "$*" = --help ] && exit 1\necho "Unknown option --log-level"; exit 1\n`;
  writeFileSync(path, script, { mode: 0o755 });
  const config = `${path}.conf`;
  writeFileSync(config, readFileSync(node.world.config, "utf8").replaceAll(`"${conmon}"`, `"${path}"`));
  const line = await node.refusal("-c", config, "run", "-d", "--pod", "shop", "busybox", "true");
  expect(line).toBe("conmon ended before it had made the container: Unknown option --log-level");
});
