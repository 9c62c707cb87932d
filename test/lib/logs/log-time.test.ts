import { parseLogTime, toLogTime } from "../../../src/lib/logs/log-time";

test.each([
  ["1970-01-01T00:00:00Z", 0n],
  ["1970-01-01T00:00:01.000000001Z", 1_000_000_001n],
  ["1970-01-01T00:00:01.5+00:00", 1_500_000_000n],
  ["1970-01-01T02:00:00.000000000+02:00", 0n],
  ["1969-12-31T19:30:00-04:30", 0n],
  ["2026-11-23T10:41:25.716719586+00:00", 1_795_430_485_716_719_586n],
  ["2026-11-23T10:41:25.7167195869999+00:00", 1_795_430_485_716_719_586n],
])("%s", (text, time) => {
  expect(parseLogTime(text)).toBe(time);
});

test.each([
  "",
  "2026-11-23",
  "2026-11-23T10:41:25",
  "yesterday",
  "2026-11-23T10:41:25Z ",
  "x2026-11-23T10:41:25Z",
])("%j is no time of a log", (text) => {
  expect(parseLogTime(text)).toBeUndefined();
});

test("a Date counts in nanoseconds too", () => {
  expect(toLogTime(new Date("2026-11-23T10:41:25.716Z"))).toBe(1_795_430_485_716_000_000n);
  expect(toLogTime(7n)).toBe(7n);
});
