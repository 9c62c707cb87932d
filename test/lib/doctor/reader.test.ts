import { utimesSync } from "node:fs";
import { join } from "node:path";
import { readerHere } from "../../../src/lib/doctor/readings/reader";
import { startReader } from "../../../src/lib/doctor/readings/reader-thread";
import { KpodError } from "../../../src/lib/errors";
import { silentLogger, type Logger } from "../../../src/lib/logger";
import { runProcess } from "../../helpers/process";
import { testId } from "../../helpers/store-tree";
import { testdir } from "../../helpers/testdir";

const program = join(__dirname, "../../../dist/reader.cjs");
const [first, second] = [testId("first"), testId("second")];

/** Keeps what is told for debugging. */
function told(): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  return { lines, logger: { ...silentLogger, debug: (line) => void lines.push(line) } };
}

/** The home of two layers: of one all is there, of the other the link is none, and something lies where it is mounted. */
function overlay(): string {
  const names = {
    [`l/ONE`]: { symlink: `../${first}/diff` },
    "l/OTHER": { symlink: "/elsewhere" },
    "l/file": "",
  };
  const home = testdir({
    ...names,
    [`${first}/link`]: "ONE",
    [`${second}/link/`]: null,
    [`${second}/lower`]: "l/ONE",
    [`${second}/merged/stray`]: "",
  });
  // As if it had been written later.
  utimesSync(join(home, second, "merged"), new Date(), new Date());
  return home;
}

test("a thread reads what this one reads, each question with its own answer", async () => {
  const home = overlay();
  const containers = testdir({
    [`${first}/userdata/config.json`]: '{"a": 1}\n',
    [`${second}/userdata/config.json`]: '{"a": 1',
  });
  const { logger, lines } = told();
  const reader = startReader(program, logger);
  const [homes, files, glances, programs] = await Promise.all([
    reader.read("overlayHome", home),
    reader.read("layerFiles", home),
    reader.read("specGlances", containers, true),
    reader.read("programs", true),
  ]);
  expect(homes).toEqual({
    home,
    layers: new Set([first, second]),
    links: "directory",
    targets: new Map([
      ["ONE", `../${first}/diff`],
      ["OTHER", "/elsewhere"],
      ["file", ""],
    ]),
    namesOf: new Map([[first, ["ONE"]]]),
  });
  expect(files).toEqual(
    new Map([
      [first, { link: "ONE", lower: undefined, isUntouched: true }],
      [second, { link: "", lower: "l/ONE", isUntouched: false }],
    ]),
  );
  expect(files).toEqual(await readerHere.read("layerFiles", home));
  expect(glances.size).toBe(2);
  expect([glances.get(first)?.fault, glances.get(second)?.fault]).toEqual([undefined, "is cut"]);
  expect(programs.openFiles.get(process.pid)?.count).toBeGreaterThan(3);
  expect(lines).toEqual([]);
});

test("the error of a thread is the error of this one", async () => {
  const reader = startReader(program, silentLogger);
  const loop = testdir({ [`l`]: { symlink: "l" } });
  const refused = { name: "KpodError", code: "IO", message: expect.stringContaining("too many") as unknown };
  await expect(readerHere.read("overlayHome", `${loop}/l`)).rejects.toMatchObject(refused);
  await expect(reader.read("overlayHome", `${loop}/l`)).rejects.toMatchObject(refused);
  await expect(reader.read("overlayHome", `${loop}/l`)).rejects.toBeInstanceOf(KpodError);
});

test.each([
  ["is not there", "missing.cjs", ""],
  ["ends at once", "ends.cjs", "process.exit(1);"],
  ["fails", "fails.cjs", "throw new Error('no room');"],
])("where a thread's program %s, this one reads, and says so for debugging", async (_, name, text) => {
  const home = overlay();
  const directory = testdir(text === "" ? { "x/": null } : { [name]: text });
  const { logger, lines } = told();
  const reader = startReader(join(directory, name), logger);
  const [files, again] = [reader.read("layerFiles", home), reader.read("overlayHome", home)];
  expect((await files).get(first)?.link).toBe("ONE");
  expect((await again).layers.size).toBe(2);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^no thread reads ahead: /);
  // Later ones as well.
  expect((await reader.read("layerFiles", home)).size).toBe(2);
});

test.each([
  ["that was never asked", "", ""],
  ["that nobody waits for any more", ".then((files) => console.log(files.size))", "2\n"],
])("a thread %s keeps nobody from ending", async (_, then, printed) => {
  const home = overlay();
  const script = `
    const { startReader } = require("./src/lib/doctor/readings/reader-thread");
    const { silentLogger } = require("./src/lib/logger");
    const reader = startReader(${JSON.stringify(program)}, silentLogger);
    ${then === "" ? "" : `void reader.read("layerFiles", ${JSON.stringify(home)})${then};`}
  `;
  const helper = join(__dirname, "../../helpers/require-typescript.cjs");
  const { exitCode, stdout, stderr } = await runProcess(
    process.execPath,
    ["--require", helper, "--eval", script],
    { cwd: join(__dirname, "../../..") },
  );
  expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: printed, stderr: "" });
});
