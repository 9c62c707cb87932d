import { createLogOutput, type LinePrefix, type LogOutput } from "../../../src/commands/logs/output";
import { newLineView, type LineView } from "../../../src/lib/logs/log-line";
import { scanLines } from "../../../src/lib/logs/scan-lines";

const plain: LinePrefix = { name: "", timestamps: false, details: "" };
const time = "2026-11-23T10:41:25.716719586+00:00";

/** An output, and what was written to it: `out` and `err`, the writes one by one. */
function open(shared: boolean): { output: LogOutput; writes: string[] } {
  const writes: string[] = [];
  const write = (stream: string, bytes: Uint8Array): void => {
    writes.push(`${stream.slice(3)}:${Buffer.from(bytes).toString("latin1")}`);
  };
  return { output: createLogOutput({ write, shared }), writes };
}

/** Prints log lines (`out F text`) in one block, as a reader hands them out. */
function print(output: LogOutput, prefix: LinePrefix, ...lines: string[]): void {
  const text = lines.map((line) => `${line.replace(/^(?=out |err )/, `${time} std`)}\n`).join("");
  scanLines(true, output.printer(prefix))(Buffer.from(text));
}

/** A line that does not last, as a joiner hands it on. */
function passing(text: string, more: Partial<LineView> = {}): LineView {
  const bytes = Buffer.from(`${time}${text}`);
  const [timeEnd, textEnd] = [time.length, bytes.length];
  return { ...newLineView(), bytes, timeEnd, textStart: timeEnd, textEnd, wellFormed: true, ...more };
}

test("the texts of a block are written at once, each stream for itself", () => {
  const { output, writes } = open(false);
  print(output, plain, "out F a", "err F x", "out F b", "oops", "err F y");
  expect(writes).toEqual([]);
  output.flush();
  expect(writes).toEqual(["out:a\nb\noops\n", "err:x\ny\n"]);
  output.flush();
  expect(writes).toHaveLength(2);
});

test("where both streams lead to one place, their order is kept", () => {
  const { output, writes } = open(true);
  print(output, plain, "out F a", "out F b", "err F x", "out F c");
  output.flush();
  expect(writes).toEqual(["out:a\nb\nx\nc\n"]);
});

test("lines that last and those that do not come in their order", () => {
  const { output, writes } = open(false);
  const printer = output.printer(plain);
  const scan = scanLines(true, printer);
  scan(Buffer.from(`${time} stdout F a\n`));
  printer(passing("joined"));
  scan(Buffer.from(`${time} stdout F b\n`));
  printer(passing("joined again"));
  output.flush();
  expect(writes.join("").replaceAll("out:", "")).toBe("a\njoined\nb\njoined again\n");
});

test("a line that is not ended gets no line end, and no second prefix where it goes on", () => {
  const { output, writes } = open(false);
  const printer = output.printer({ ...plain, timestamps: true });
  printer(passing("name? ", { partial: true }));
  printer(passing("Ada", { continued: true }));
  output.flush();
  expect(writes).toEqual([`out:${time} name? Ada\n`]);
});

test("another log does not go on in a line that is not ended", () => {
  const { output, writes } = open(false);
  const [first, second] = [output.printer(plain), output.printer(plain)];
  first(passing("begun", { partial: true }));
  second(passing("whole"));
  second(passing("begun too", { partial: true }));
  second(passing(" and ended", { continued: true }));
  output.flush();
  expect(writes).toEqual(["out:begun\nwhole\nbegun too and ended\n"]);
});

test.each([
  [{ ...plain, name: "web" }, "web a\nweb oops\n"],
  [{ ...plain, timestamps: true }, `${time} a\noops\n`],
  [{ ...plain, details: "k=v" }, "k=v a\nk=v oops\n"],
  [{ name: "web", timestamps: true, details: "k=v" }, `web ${time} k=v a\nweb k=v oops\n`],
])("%j", (prefix, expected) => {
  const { output, writes } = open(false);
  print(output, prefix, "out F a", "oops");
  output.flush();
  expect(writes).toEqual([`out:${expected}`]);
});

test.each([
  ["without prefix", plain],
  ["with prefix", { ...plain, name: "n" }],
])("more than the buffer holds is written in between, and nothing is lost: %s", (_, prefix) => {
  const { output, writes } = open(false);
  const lines = Array.from({ length: 9_000 }, (_, index) => `${"x".repeat(index % 100)}${index}`);
  print(output, prefix, ...lines.map((line) => `err F ${line}`), `err F ${"y".repeat(400_000)}`, "err F end");
  output.flush();
  expect(writes.length).toBeGreaterThan(2);
  const before = prefix.name === "" ? "" : "n ";
  const expected = [...lines, "y".repeat(400_000), "end"].map((line) => `${before}${line}\n`).join("");
  expect(writes.map((write) => write.slice(4)).join("")).toBe(expected);
});

test("what could not be written is not written again", () => {
  let tries = 0;
  const output = createLogOutput({
    write() {
      tries++;
      throw new Error("closed");
    },
    shared: false,
  });
  print(output, plain, "out F a");
  expect(() => {
    output.flush();
  }).toThrow("closed");
  output.flush();
  expect(tries).toBe(1);
});
