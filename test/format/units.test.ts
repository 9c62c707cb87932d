import { humanAgo, humanDuration, humanSize } from "../../src/format/units";

test.each([
  [0, "0B"],
  [999, "999B"],
  [1000, "1kB"],
  [1024, "1.024kB"],
  [221_184, "221.2kB"],
  [999_960, "1000kB"],
  [1_500_000, "1.5MB"],
  [25_284_870_144, "25.28GB"],
  [Number.MAX_SAFE_INTEGER, "9.007PB"],
  [1e27, "1000YB"],
])("%d bytes are %s", (bytes, text) => {
  expect(humanSize(bytes)).toBe(text);
});

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

test.each([
  [-5 * minute, "Less than a second"],
  [999, "Less than a second"],
  [second, "1 second"],
  [1999, "1 second"],
  [59_999, "59 seconds"],
  [minute, "About a minute"],
  [2 * minute - 1, "About a minute"],
  [2 * minute, "2 minutes"],
  [hour - 1, "59 minutes"],
  [hour, "About an hour"],
  [1.5 * hour - 1, "About an hour"],
  [1.5 * hour, "2 hours"],
  [2 * day - 0.5 * hour - 1, "47 hours"],
  [2 * day - 0.5 * hour, "2 days"],
  [14 * day - 0.5 * hour - 1, "13 days"],
  [14 * day, "2 weeks"],
  [60 * day - 0.5 * hour - 1, "8 weeks"],
  [60 * day, "2 months"],
  [730 * day - 0.5 * hour - 1, "24 months"],
  [730 * day, "2 years"],
])("%d ms are %s", (milliseconds, text) => {
  expect(humanDuration(milliseconds)).toBe(text);
});

test("a moment is so long ago", () => {
  expect(humanAgo(1_000_000, 1_000_000 + 2 * minute)).toBe("2 minutes ago");
});
