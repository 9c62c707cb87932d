import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { openOutputFile } from "../../../src/lib/system/output-file";
import { testdir } from "../../helpers/testdir";

// What made the file may fail afterwards, and then abandons it.
test("what is finished stays when it is abandoned", () => {
  const directory = testdir();
  const path = join(directory, "archive");
  const file = openOutputFile(path);
  file.write(Buffer.from("whole"));
  file.finish();
  file.abandon();
  expect(readdirSync(directory)).toEqual(["archive"]);
  expect(readFileSync(path, "utf8")).toBe("whole");
});

test("what could not be put in its place leaves nothing, and its error is the one that is told", () => {
  const directory = testdir();
  const path = join(directory, "archive");
  const file = openOutputFile(path);
  mkdirSync(path);
  expect(() => {
    try {
      file.finish();
    } catch (error) {
      file.abandon();
      throw error;
    }
  }).toThrow(`cannot write ${path}`);
  expect(readdirSync(directory)).toEqual(["archive"]);
});
