import { statusText } from "../../../src/commands/ps/row";
import type { ContainerState } from "../../../src/lib/oci/state/container-state";
import { at, blank, now } from "./listed";

describe("status", () => {
  const status = (state: Partial<ContainerState> | undefined) =>
    statusText(state === undefined ? undefined : { ...blank, ...state }, now);

  test.each([
    [{ status: "created" }, "Created"],
    [{ status: "running", started: at(0) }, "Up 2 minutes"],
    [{ status: "running", created: at(100) }, "Up 20 seconds"],
    [{ status: "running" }, "Up"],
    [{ status: "paused", started: at(0) }, "Up 2 minutes (Paused)"],
    [{ status: "stopped", exitCode: 3, finished: at(115) }, "Exited (3) 5 seconds ago"],
    [{ status: "stopped", exitCode: 0, finished: at(60) }, "Exited (0) About a minute ago"],
    [
      { status: "stopped", exitCode: 137, oomKilled: true, finished: at(115) },
      "Exited (137) 5 seconds ago (OOMKilled)",
    ],
    [{ status: "stopped" }, "Exited (?)"],
    [{ status: "unknown" }, "Unknown"],
    [undefined, "Unknown"],
  ] as const)("%j", (state, expected) => {
    expect(status(state)).toBe(expected);
  });
});
