import { createInterrupt } from "../../src/shell/interrupt";

const exit = jest.spyOn(process, "exit").mockImplementation((() => undefined) as never);
const now = jest.spyOn(performance, "now");

afterEach(() => {
  process.removeAllListeners("SIGTERM").removeAllListeners("SIGINT").removeAllListeners("SIGHUP");
  jest.clearAllMocks();
});

test("timeout(1) hands a signal on twice at once, and what is under way is still cleared up", () => {
  const signal = createInterrupt().signal();
  now.mockReturnValue(1_000);
  process.emit("SIGTERM", "SIGTERM");
  expect(signal.aborted).toBe(true);
  now.mockReturnValue(1_010);
  process.emit("SIGTERM", "SIGTERM");
  expect(exit).not.toHaveBeenCalled();
});

test.each([
  ["later", 2_000, "SIGTERM", 143],
  ["by another signal", 1_001, "SIGINT", 130],
] as const)("who asks a second time, %s, ends kpod at once", (_, time, name, code) => {
  createInterrupt().signal();
  now.mockReturnValue(1_000);
  process.emit("SIGTERM", "SIGTERM");
  now.mockReturnValue(time);
  process.emit(name, name);
  expect(exit).toHaveBeenCalledWith(code);
});
