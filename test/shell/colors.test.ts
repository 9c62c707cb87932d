import { loadColors } from "../../src/shell/colors";

const loaded = jest.fn();

jest.mock("chalk", () => {
  loaded();
  return jest.requireActual<object>("chalk");
});

test("chalk is loaded only where there is something to paint", async () => {
  const plain = await loadColors(false);
  expect(plain.green("text")).toBe("text");
  expect(loaded).not.toHaveBeenCalled();
  const colors = await loadColors(true);
  expect(colors.green("text")).toBe("\x1b[32mtext\x1b[39m");
  expect(loaded).toHaveBeenCalledTimes(1);
});
