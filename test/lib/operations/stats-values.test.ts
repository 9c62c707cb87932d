import { uptime } from "node:os";
import {
  containerStats,
  stoppedStats,
  unknownStats,
  type LibcontainerStats,
} from "../../../src/lib/operations/stats-values";
import type { NetworkInterface } from "../../../src/lib/system/net-dev";

const host = { memory: 24684092 * 1024 };

function raw(changes: Partial<LibcontainerStats> = {}): LibcontainerStats {
  return {
    pid: 4711,
    startTime: "1000",
    sampledAt: 10_000,
    cpu: { usage: 5_000_000_000 },
    memory: { usage: 4431872, inactiveFile: 4190208, limit: 67108864 },
    pids: { current: 2 },
    oom: { kills: 1 },
    pressure: undefined,
    blkio: {
      devices: [
        { major: 254, minor: 0, readBytes: 1064960, writeBytes: 3145728 },
        { major: 253, minor: 1, readBytes: 4096, writeBytes: 1 },
      ],
    },
    interfaces: [device("lo", 500, 500), device("eth0", 1000, 20), device("net1", 7, 3)],
    ...changes,
  };
}

function device(name: string, rxBytes: number, txBytes: number): NetworkInterface {
  return {
    name,
    rxBytes,
    txBytes,
    ...{ rxPackets: 1, rxErrors: 0, rxDropped: 0 },
    ...{ txPackets: 1, txErrors: 0, txDropped: 0 },
  };
}

test("raw numbers come to what is shown", () => {
  const before = containerStats("id", raw({ cpu: { usage: 4_000_000_000 }, sampledAt: 8_000 }), host);
  expect(containerStats("id", raw(), host, before)).toEqual({
    container: "id",
    // One second of processor time in two seconds.
    cpu: 50,
    cpuTime: 5_000_000_000,
    memUsage: 4431872 - 4190208,
    memLimit: 67108864,
    memPerc: ((4431872 - 4190208) / 67108864) * 100,
    netInput: 1007,
    netOutput: 23,
    blockInput: 1064960 + 4096,
    blockOutput: 3145728 + 1,
    pids: 2,
    oomKills: 1,
    mark: { pid: 4711, startTime: "1000", nanoseconds: 5_000_000_000, at: 10_000 },
  });
});

test.each([
  ["two cores in full use", 0, 5_000_000_000, 2_500, 200],
  ["nothing done", 5_000_000_000, 5_000_000_000, 1_000, 0],
  ["a counter that was set back", 6_000_000_000, 5_000_000_000, 1_000, 0],
])("processors: %s", (_, from, to, milliseconds, percent) => {
  const before = containerStats("id", raw({ cpu: { usage: from } }), host);
  const now = raw({ cpu: { usage: to }, sampledAt: 10_000 + milliseconds });
  expect(containerStats("id", now, host, before).cpu).toBeCloseTo(percent, 6);
});

describe("without an earlier sample of the same process", () => {
  // Started ten seconds ago, by clock ticks after boot.
  const startTime = String(Math.round((uptime() - 10) * 100));
  const now = raw({ startTime, cpu: { usage: 5_000_000_000 } });

  test("processors are counted since its start", () => {
    const { cpu } = containerStats("id", now, host);
    expect(cpu).toBeGreaterThan(40);
    expect(cpu).toBeLessThanOrEqual(50.5);
  });

  test.each([{ startTime: "1" }, { pid: 4712 }])("one of %j does not count", (changes) => {
    const before = containerStats("id", raw({ ...changes, sampledAt: 9_999 }), host);
    expect(containerStats("id", now, host, before).cpu).toBeLessThanOrEqual(50.5);
  });

  test("a container that began just now is not divided by nothing", () => {
    const just = raw({ startTime: String(Math.round(uptime() * 100) + 100), cpu: { usage: 5_000_000 } });
    expect(containerStats("id", just, host).cpu).toBe(50);
  });
});

test.each([
  ["no limit", { limit: undefined }, host.memory],
  ["more than the machine has", { limit: host.memory + 1 }, host.memory],
  ["a limit", { limit: 4096 }, 4096],
])("limit of memory: %s", (_, memory, expected) => {
  const stats = containerStats("id", raw({ memory: { usage: 10, inactiveFile: 0, ...memory } }), host);
  expect(stats.memLimit).toBe(expected);
  expect(stats.memPerc).toBe((10 / expected) * 100);
});

test("nothing may be used: no percentage of nothing", () => {
  const { memPerc } = containerStats("id", raw({ memory: { usage: 10, inactiveFile: 0, limit: 0 } }), host);
  expect(memPerc).toBe(0);
});

test("a file cache that is counted as larger than all memory is left in", () => {
  const stats = containerStats("id", raw({ memory: { usage: 10, inactiveFile: 11, limit: 100 } }), host);
  expect(stats.memUsage).toBe(10);
});

test("what the kernel does not count is not known", () => {
  const nothing = {
    cpu: undefined,
    memory: undefined,
    pids: undefined,
    blkio: undefined,
    oom: undefined,
    pressure: undefined,
    interfaces: undefined,
  };
  expect(containerStats("id", raw(nothing), host)).toEqual(unknownStats("id"));
});

test("a pod without devices of its own, and block devices without traffic, have zeros", () => {
  const stats = containerStats("id", raw({ interfaces: [device("lo", 9, 9)], blkio: { devices: [] } }), host);
  expect(stats).toMatchObject({ netInput: 0, netOutput: 0, blockInput: 0, blockOutput: 0 });
});

test("one that does not run has zeros, and no mark for the next sample", () => {
  const { container, mark, cpuTime, oomKills, pressure, ...values } = stoppedStats("id");
  expect(container).toBe("id");
  expect(mark).toBeUndefined();
  // What was counted is gone with its cgroup: a zero would tell that nothing was.
  expect([cpuTime, oomKills, pressure]).toEqual([undefined, undefined, undefined]);
  expect(new Set(Object.values(values))).toEqual(new Set([0]));
  expect(Object.keys(values)).toHaveLength(9);
});
