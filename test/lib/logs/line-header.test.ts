import { readLine } from "../../../src/lib/logs/line-header";
import { copyLine, newLineView } from "../../../src/lib/logs/log-line";

function parse(text: string, tagged = true): unknown[] {
  const view = newLineView();
  // Between other lines, whose bytes must not be taken for this one's.
  const bytes = Buffer.from(`stdout F\n${text}\n stdout P 2026\n`);
  readLine(view, bytes, 9, 9 + Buffer.byteLength(text), tagged);
  const line = copyLine(view);
  return [line.time, line.stream, line.partial ? "P" : "F", line.text.toString()];
}

const time = "2026-11-23T10:41:25.716719586+00:00";

describe("a line in the log's format", () => {
  test.each([
    ["conmon's", `${time} stdout F hello`, [time, "stdout", "F", "hello"]],
    ["of stderr", `${time} stderr F oh no`, [time, "stderr", "F", "oh no"]],
    ["partial", `${time} stdout P begin`, [time, "stdout", "P", "begin"]],
    ["with blanks", `${time} stdout F   two  `, [time, "stdout", "F", "  two  "]],
    ["empty", `${time} stdout F `, [time, "stdout", "F", ""]],
    ["empty, its last blank trimmed", `${time} stdout F`, [time, "stdout", "F", ""]],
    ["with further tags", `${time} stdout P:x:y begin`, [time, "stdout", "P", "begin"]],
    ["with further tags and nothing else", `${time} stdout F:x`, [time, "stdout", "F", "F:x"]],
    [
      "west of Greenwich",
      `${time.replace("+", "-")} stdout F a`,
      [time.replace("+", "-"), "stdout", "F", "a"],
    ],
    ["in UTC", "2026-11-23T10:41:25.7Z stdout F a b", ["2026-11-23T10:41:25.7Z", "stdout", "F", "a b"]],
    ["without fraction", "2026-11-23T10:41:25Z stderr P a", ["2026-11-23T10:41:25Z", "stderr", "P", "a"]],
    [
      "with a short time, whose text looks like a head",
      `2026-11-23T10:41:25.716719Z stdout F x stdout F y`,
      ["2026-11-23T10:41:25.716719Z", "stdout", "F", "x stdout F y"],
    ],
    ["without a tag", `${time} stdout hello`, [time, "stdout", "F", "hello"]],
    ["without tag and text", `${time} stdout`, [time, "stdout", "F", ""]],
    ["whose text begins like a tag", `${time} stdout Found`, [time, "stdout", "F", "Found"]],
  ])("%s", (_, text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  test("without tags keeps what looks like one", () => {
    expect(parse(`${time} stdout P is a letter`, false)).toEqual([time, "stdout", "F", "P is a letter"]);
  });
});

test.each([
  ["nothing", ""],
  ["a word", "panic:"],
  ["another stream", `${time} stdlog F text`],
  ["a stream that goes on", `${time} stdouts F text`],
  ["a stream that breaks off", `${time} stder`],
  ["no stream", time],
  ["no stream but a blank", `${time} `],
  ["no date", `20261123T104125.716719586+00:00 stdout F text`],
  ["a blank in front", ` ${time} stdout F text`],
  ["a time without end", `2026-11-23T10:41:25.${"7".repeat(50)}Z stdout F text`],
])("a line that is not in the format is all text: %s", (_, text) => {
  expect(parse(text)).toEqual(["", "stdout", "F", text]);
});
