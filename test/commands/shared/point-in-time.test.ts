import { UsageError } from "../../../src/shell/errors";
import { readPointInTime } from "../../../src/commands/shared/point-in-time";

// What has no zone is in that of the machine.
const now = new Date(2026, 10, 23, 12, 0, 0).getTime();

function local(hour: number, minute: number, second: number): bigint {
  return milliseconds(new Date(2026, 10, 23, hour, minute, second).getTime());
}

function milliseconds(time: number): bigint {
  return BigInt(time) * 1_000_000n;
}

const utc = milliseconds(Date.UTC(2026, 10, 23, 10, 41, 25));
const second = 1_000_000_000n;

test.each([
  ["2026-11-23T10:41:25Z", utc],
  ["2026-11-23t10:41:25z", utc],
  ["2026-11-23 10:41:25Z", utc],
  ["2026-11-23T10:41:25+00:00", utc],
  ["2026-11-23T12:41:25+02:00", utc],
  ["2026-11-23T05:11:25-05:30", utc],
  ["2026-11-23T10:41:25.716719586+00:00", utc + 716_719_586n],
  ["2026-11-23T10:41:25.5Z", utc + 500_000_000n],
  ["2026-11-23T10:41:25", local(10, 41, 25)],
  ["2026-11-23T10:41:25.000000001", local(10, 41, 25) + 1n],
  ["2026-11-23T10:41", local(10, 41, 0)],
  ["2026-11-23", local(0, 0, 0)],
  ["2026-11-23Z", milliseconds(Date.UTC(2026, 10, 23))],
  ["2028-02-29Z", milliseconds(Date.UTC(2028, 1, 29))],
  ["10:41:25", local(10, 41, 25)],
  ["10:41", local(10, 41, 0)],
  ["10:41:25.25", local(10, 41, 25) + second / 4n],
  ["0", 0n],
  ["1136073600", 1_136_073_600n * second],
  ["1136073600.000000001", 1_136_073_600n * second + 1n],
  ["1136073600.5", 1_136_073_600n * second + second / 2n],
  ["10m", milliseconds(now) - 600n * second],
  ["1h30m", milliseconds(now) - 5_400n * second],
  ["1.5h", milliseconds(now) - 5_400n * second],
  ["90s", milliseconds(now) - 90n * second],
  ["250ms", milliseconds(now) - second / 4n],
  ["7us", milliseconds(now) - 7_000n],
  ["7µs", milliseconds(now) - 7_000n],
  ["2d", milliseconds(now) - 172_800n * second],
])("%s", (text, expected) => {
  expect(readPointInTime("since", text, now)).toBe(expected);
});

test.each([
  "",
  "yesterday",
  "10x",
  "m",
  "1h30",
  "1..5h",
  "2026-13-01",
  "2026-02-30",
  "2027-02-29",
  "2026-11-23T25:00:00Z",
  "2026-11-23T10:41:25+0",
  "2026-11-23T10:60:00Z",
  "10:41:25Z ",
  "26:00:00",
  "-10m",
  "1e9",
  "0x10",
])("%j is no time", (text) => {
  const read = (): bigint => readPointInTime("until", text, now);
  expect(read).toThrow(UsageError);
  expect(read).toThrow(/^invalid value ".*" for --until: it must be a time /);
});
