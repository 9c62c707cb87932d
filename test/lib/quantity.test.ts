import { byteQuantity, cpuQuantity, readQuantity } from "../../src/lib/quantity";

test.each([
  ["250m", 0.25],
  ["2", 2],
  [3, 3],
  ["64Mi", 64 * 2 ** 20],
  ["1.5Gi", 1.5 * 2 ** 30],
  ["1k", 1000],
  ["1e3", 1000],
  ["2E", 2e18],
  [".5", 0.5],
  ["-1", undefined],
  ["1 Gi", undefined],
  ["1Gib", undefined],
  ["", undefined],
  [true, undefined],
  ["1constructor", undefined],
  ["1e400", undefined],
  [`${"9".repeat(309)}E`, undefined],
])("%j is %p", (text, amount) => {
  expect(readQuantity(text)).toBe(amount);
});

test("amounts are written so that nothing of them is lost", () => {
  expect([0.25, 2, 1.0004].map(cpuQuantity)).toEqual(["250m", "2", "1"]);
  expect([2 ** 30, 3 * 2 ** 20, 1536, 1000].map(byteQuantity)).toEqual(["1Gi", "3Mi", "1536", "1000"]);
});
