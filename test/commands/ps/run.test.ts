import { join } from "node:path";
import { execute } from "../../../src/program/execute";
import { commands } from "../../../src/program/command-list";
import { command as podPs } from "../../../src/commands/pod/ps/command";
import { command as ps } from "../../../src/commands/ps/command";
import { containerFilterKeys } from "../../../src/lib/operations/filter-containers";
import { sandboxFilterKeys } from "../../../src/lib/operations/filter-sandboxes";
import { bufferTerminal } from "../../helpers/buffer-terminal";
import { writeTree } from "../../helpers/testdir";
import { listed, shop, web } from "./listed";

let directory: string;

beforeAll(async () => {
  ({ directory } = await listed());
});

test("the completion offers all filters", () => {
  expect(Object.keys(ps.flags.filter.completes.filters)).toEqual(containerFilterKeys);
  expect(Object.keys(podPs.flags.filter.completes.filters)).toEqual(sandboxFilterKeys);
});

describe("wrong usage ends with 2 before anything is read", () => {
  test.each([
    ["ps --format {{.ID", "invalid value for --format: template: ps:1: unclosed action"],
    ["ps --format {{nofunc}}", 'invalid value for --format: template: ps:1: function "nofunc" not defined'],
    ["pod ps --format {{end}}", "invalid value for --format: template: pod ps:1: unexpected {{end}}"],
    ["ps --filter color=red", 'unknown filter "color"'],
    ["ps --filter status=up", 'invalid filter "status=up"'],
    ["ps -f name", 'invalid filter "name"'],
    ["pod ps --filter state=up", 'invalid filter "state=up"'],
    ["ps --sort age", 'invalid value "age" for --sort'],
    ["ps -a -l", "Last, latest and all are mutually exclusive"],
    ["ps -n 2 --latest", "Last, latest and all are mutually exclusive"],
    ["ps -n x", 'invalid value "x" for --last'],
    ["ps --watch=0", 'invalid value "0" for --watch'],
    ["ps one", "too many arguments, ps takes no arguments"],
  ])("%s", async (line, message) => {
    const terminal = bufferTerminal();
    // A file of configuration that is not there would be an error of its own, with exit code 1.
    const exitCode = await execute(
      ["--config", "/nonexistent/crio.conf", ...line.split(" ")],
      terminal,
      commands,
    );
    expect(terminal.stderr.split("\n")).toHaveLength(3);
    expect(terminal.stderr).toContain(`Error: ${message}`);
    expect({ exitCode, stdout: terminal.stdout }).toEqual({ exitCode: 2, stdout: "" });
  });
});

describe("over a store", () => {
  // Each call of kpod listens to signals until its process ends.
  const usualListeners = process.getMaxListeners();
  afterAll(() => {
    process.setMaxListeners(usualListeners);
  });

  const kpod = async (line: string) => {
    const terminal = bufferTerminal();
    const places = ["--root", join(directory, "root"), "--runroot", join(directory, "runroot")];
    const argv = ["--config", join(directory, "crio.conf"), ...places, "-s", "overlay", ...line.split(" ")];
    const exitCode = await execute(argv, terminal, commands);
    return { exitCode, stdout: terminal.stdout, stderr: terminal.stderr };
  };

  // The runtime has web, and fails whatever it is asked.
  beforeAll(() => {
    process.setMaxListeners(100);
    writeTree(directory, {
      "crio.conf": `[crio.runtime]\ndefault_runtime = "runc"\n[crio.runtime.runtimes.runc]\nruntime_path = "${directory}/broken"\nruntime_root = "${directory}/runtime"\n`,
      broken: { content: "#!/bin/sh\necho out of order >&2\nexit 1\n", mode: 0o755 },
      [`runtime/${web.id}/state.json`]: "{}",
    });
  });

  test("what no state is needed for is told without the runtime", async () => {
    const { stdout, stderr, exitCode } = await kpod("--log-level warn ps -a --format {{.Names}}");
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toBe(
      ["fresh", "sick", "job", "web"].map((name) => `k8s_${name}_shop_sales_u1_0\n`).join(""),
    );
    expect((await kpod("--log-level warn ps -aq")).stderr).toBe("");
    expect((await kpod("--log-level warn ps -q")).stderr).not.toBe("");
  });

  test("containers whose runtime cannot be asked are shown as ones that may run", async () => {
    const { stdout, stderr, exitCode } = await kpod("--log-level warn ps --format {{.State}}");
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "unknown\n".repeat(4) });
    expect(stderr).toContain("out of order");
  });

  test("an unknown field ends with 1, and says where", async () => {
    const { stdout, stderr, exitCode } = await kpod("ps -a --format {{.Nope}}");
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(
      stderr.endsWith(
        'Error: template: ps:1:2: executing "ps" at <.Nope>: can\'t evaluate field Nope in type container\n',
      ),
    ).toBe(true);
  });

  test("nothing that fits: the headings alone, [] as JSON, nothing from a template", async () => {
    expect((await kpod("ps -a -f name=nobody")).stdout).toMatch(/^CONTAINER ID .*NAMES\n$/);
    expect((await kpod("ps -a -f name=nobody --format json")).stdout).toBe("[]\n");
    expect((await kpod("ps -a -f name=nobody --format {{.Nope}}")).stdout).toBe("");
    expect((await kpod("ps -a -f id=zzz -l -q")).exitCode).toBe(2);
    expect((await kpod("ps -f id=zzz -l -q")).stdout).toBe("");
  });

  test("a container that before names and that is not there ends with 1", async () => {
    const { stderr, exitCode } = await kpod("ps -f before=nobody");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("container with ID starting with nobody not found: ID does not exist");
  });

  test("pods", async () => {
    expect((await kpod("pod ps --format {{.KubeName}}:{{.Running}}:{{.Labels.app}}")).stdout).toBe(
      "shop:0/4:shop\n",
    );
    expect((await kpod("pod ps -f label=app=other --format json")).stdout).toBe("[]\n");
    expect((await kpod("pod ps -q --sort name")).stdout).toBe(`${shop.id.slice(0, 13)}\n`);
  });
});
