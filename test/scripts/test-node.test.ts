import { join } from "node:path";
import { countsOfReport } from "../../scripts/lib/node-report.mjs";
import { REQUIREMENTS, missingRequirements } from "../../scripts/lib/system-packages.mjs";
import { runProcess } from "../helpers/process";
import { testdir } from "../helpers/testdir";

test("what the virtual machine needs is told for it alone", () => {
  const absent = REQUIREMENTS.map((requirement) => ({ ...requirement, isThere: () => false }));
  const names = (purpose: "tests" | "node"): string[] =>
    missingRequirements(purpose, absent).map(({ packageName }) => packageName);
  expect(names("node")).toEqual(expect.arrayContaining(["qemu-system-x86", "debootstrap", "e2fsprogs"]));
  expect(names("tests")).not.toContain("qemu-system-x86");
});

const repository = join(__dirname, "../..");

/** Runs a script of the shell with mounts of its own. */
async function apart(script: string, ...args: string[]): Promise<string> {
  const words = ["--mount", "--propagation", "private", "sh", "-c", script, ...args];
  const { exitCode, stdout, stderr } = await runProcess("unshare", words, { cwd: repository });
  expect({ exitCode, stdout, stderr }).toMatchObject({ exitCode: 1 });
  return stdout + stderr;
}

test("without qemu, debootstrap and apt, one line says what to install", async () => {
  // Nothing of it is in sight: a layer over the directories of programs hides it.
  const script = `
    mount -t tmpfs none "$0"
    for directory in /usr/bin /usr/sbin; do
      mkdir -p "$0$directory/upper" "$0$directory/work"
      mount -t overlay -o "lowerdir=$directory,upperdir=$0$directory/upper,workdir=$0$directory/work" none $directory
    done
    rm -f /usr/bin/qemu-system-x86_64 /usr/sbin/debootstrap /usr/bin/apt-get
    exec "$1" scripts/bootstrap.mjs node
  `;
  const output = await apart(script, testdir(), process.execPath);
  expect(output.trimEnd().split("\n").at(-1)).toBe(
    "Error: this is not Debian or Ubuntu: install qemu-system-x86, debootstrap with your system's own tools, then try again",
  );
});

test("on a full file system one line says how much the disk of the node needs", async () => {
  const directory = testdir();
  const call = `import("./scripts/lib/node-image.mjs").then(({ nodeImage }) => nodeImage(process.argv[1]))`;
  const program = `${call}.catch((error) => { console.log(error.message); process.exitCode = 1; })`;
  const script = 'mount -t tmpfs -o size=8m none "$0" && exec "$1" -e "$2" "$0"';
  expect(await apart(script, directory, process.execPath, program)).toBe(
    `no space for the disks of the node: ${directory}/node_modules/.cache/kpod-node needs 4 GiB free\n`,
  );
});

test("a report is counted", () => {
  const report =
    '<testsuites name="bun test" tests="7" assertions="9" failures="2" skipped="1" time="1.6">\n';
  expect(countsOfReport(`${report}</testsuites>`)).toEqual({
    numPassedTests: 4,
    numFailedTests: 2,
    numPendingTests: 1,
  });
});

test.each([undefined, "", '<testsuites tests="7">', "<testsuites", "</testsuites>"])(
  "a report that is not whole counts nothing: %j",
  (report) => {
    expect(countsOfReport(report)).toBeUndefined();
  },
);
