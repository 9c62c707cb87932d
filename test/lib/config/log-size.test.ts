import { parseLogSize } from "../../../src/lib/config";

test.each([
  ["0", 0],
  ["8192", 8192],
  ["-1", -1],
  ["12b", 12],
  ["12B", 12],
  ["8k", 8000],
  ["8kB", 8000],
  ["8KB", 8000],
  ["8 kB", 8000],
  [" 8kB ", 8000],
  ["1g", 1_000_000_000],
  ["10m", 10_000_000],
  ["1.5MB", 1_500_000],
  ["2t", 2e12],
  ["1P", 1e15],
  ["8KiB", 8192],
  ["8kib", 8192],
  ["8Ki", 8192],
  ["10MiB", 10_485_760],
  ["0.5GiB", 536_870_912],
  ["1.0001k", 1000],
])("%j is %d bytes", (text, bytes) => {
  expect(parseLogSize(text)).toBe(bytes);
});

test.each([
  "",
  "many",
  "kB",
  "1x",
  "1kk",
  "1 k B",
  "-8kB",
  "1e3",
  "0x10",
  ".5k",
  "1.k",
  "8iB",
  "9999999P",
  "1  k",
])("%j is no size", (text) => {
  expect(parseLogSize(text)).toBeUndefined();
});
