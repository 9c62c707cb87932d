import { countsOfReport } from "../../scripts/lib/node-report.mjs";
import { REQUIREMENTS, missingRequirements } from "../../scripts/lib/system-packages.mjs";

test("what the virtual machine needs is told for it alone", () => {
  const absent = REQUIREMENTS.map((requirement) => ({ ...requirement, isThere: () => false }));
  const names = (purpose: "tests" | "node"): string[] =>
    missingRequirements(purpose, absent).map(({ packageName }) => packageName);
  expect(names("node")).toEqual(expect.arrayContaining(["qemu-system-x86", "debootstrap", "e2fsprogs"]));
  expect(names("tests")).not.toContain("qemu-system-x86");
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
