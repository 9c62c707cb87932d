import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { idleBlkioCounters } from "../../../src/lib/cgroups/counters-v1";
import { parseProcessCgroups } from "../../../src/lib/cgroups/process-cgroups";
import { readCgroupStats, statsControllers } from "../../../src/lib/cgroups/stats";
import { failureOf } from "../../helpers/failure";
import { testdir, type Tree } from "../../helpers/testdir";
import { capturedV1, capturedV2 } from "./captured";

function v1At(directory: string, controllers = ["cpu", "cpuacct", "memory", "pids", "blkio"]) {
  return { v1: new Map(controllers.map((name) => [name, join(directory, name)])), v2: undefined };
}

function v2At(directory: string) {
  return { v1: new Map<string, string>(), v2: directory };
}

/** What the kernel says in other files than the captured ones. */
function without(tree: Tree, ...names: readonly string[]): Tree {
  return Object.fromEntries(Object.entries(tree).filter(([name]) => !names.includes(name)));
}

describe("version 1", () => {
  test("what stats shows comes from one file for each number", () => {
    expect(readCgroupStats(v1At(testdir(capturedV1)))).toEqual({
      cpu: { usage: 37014579 },
      memory: { usage: 4431872, inactiveFile: 4190208, limit: 67108864 },
      pids: { current: 2 },
      blkio: {
        devices: [
          { major: 254, minor: 0, readBytes: 1064960, writeBytes: 3145728 },
          { major: 253, minor: 1, readBytes: 4096, writeBytes: 0 },
        ],
      },
      oom: { kills: 2 },
    });
  });

  test("detail adds the rest", () => {
    const stats = readCgroupStats(v1At(testdir(capturedV1)), { detail: true });
    expect(stats.cpu).toEqual({
      usage: 37014579,
      user: 27678140,
      system: 8000000,
      perCpu: [34123091, 2891488],
      throttling: { periods: 12, throttledPeriods: 3, throttledTime: 45000000 },
    });
    expect(stats.memory).toMatchObject({ maxUsage: 5317184, failures: 7 });
    expect(stats.memory?.stat).toMatchObject({ cache: 8192, total_inactive_file: 4190208 });
    expect(stats.pids).toEqual({ current: 2, limit: 1024 });
    expect(stats.blkio?.devices).toMatchObject([
      { major: 254, reads: 2, writes: 3 },
      { major: 253, reads: 1, writes: 0 },
    ]);
  });

  test("the largest number of pages is no limit", () => {
    const files = { ...capturedV1, "memory/memory.limit_in_bytes": "9223372036854771712\n" };
    expect(readCgroupStats(v1At(testdir(files))).memory?.limit).toBeUndefined();
  });

  test("the limit is the cgroup's own, whatever is said of those above it", () => {
    const stat = (lowest: string): Tree => ({
      ...capturedV1,
      "memory/memory.stat": `cache 8192\n${lowest}total_inactive_file 4190208\n`,
    });
    const limitOf = (files: Tree) => readCgroupStats(v1At(testdir(files))).memory?.limit;
    expect(limitOf(stat("hierarchical_memory_limit 4096\n"))).toBe(67108864);
    expect(limitOf(stat(""))).toBe(67108864);
  });

  test("pids without a limit say so", () => {
    const files = { ...capturedV1, "pids/pids.max": "max\n" };
    expect(readCgroupStats(v1At(testdir(files)), { detail: true }).pids).toEqual({ current: 2 });
  });

  const bytes = (read: number): string => `8:0 Read ${read}\n8:0 Write 0\n8:0 Total ${read}\nTotal ${read}\n`;
  const noBytes = "Total 0\n";

  test.each<[string, Tree, number[]]>([
    ["without sums over the cgroups below", { "blkio.throttle.io_service_bytes": bytes(1) }, [1]],
    [
      "counted by bfq alone, since nobody set a limit",
      {
        "blkio.throttle.io_service_bytes_recursive": noBytes,
        "blkio.throttle.io_service_bytes": noBytes,
        "blkio.bfq.io_service_bytes_recursive": bytes(2),
      },
      [2],
    ],
    ["counted by cfq of an old kernel", { "blkio.io_service_bytes_recursive": bytes(3) }, [3]],
    [
      "counted twice: throttling sees all",
      {
        "blkio.throttle.io_service_bytes_recursive": bytes(4),
        "blkio.bfq.io_service_bytes_recursive": bytes(2),
      },
      [4],
    ],
    [
      "counted by nobody",
      { "blkio.throttle.io_service_bytes": noBytes, "blkio.bfq.io_service_bytes_recursive": noBytes },
      [],
    ],
  ])("block devices %s", (_, tree, read) => {
    const { blkio } = readCgroupStats({ v1: new Map([["blkio", testdir(tree)]]), v2: undefined });
    expect(blkio?.devices.map(({ readBytes }) => readBytes)).toEqual(read);
  });

  test("block devices that the whole hierarchy counts nothing of are not looked for in each cgroup", () => {
    const root = testdir({
      "blkio.throttle.io_service_bytes_recursive": noBytes,
      "blkio.bfq.io_service_bytes_recursive": bytes(7),
      "web/blkio.throttle.io_service_bytes_recursive": bytes(5),
      "web/blkio.bfq.io_service_bytes_recursive": bytes(6),
    });
    const mount = (controller: string) => ({
      ...{ root: "/", target: root, type: "cgroup", superOptions: ["rw", controller] },
    });
    const idleBlkio = idleBlkioCounters([mount("blkio")]);
    expect([...idleBlkio]).toEqual(["blkio.throttle."]);
    expect([...idleBlkioCounters([mount("memory")])]).toEqual([]);
    const v1 = new Map([["blkio", join(root, "web")]]);
    const { blkio } = readCgroupStats({ v1, v2: undefined }, { idleBlkio });
    expect(blkio?.devices.map(({ readBytes }) => readBytes)).toEqual([6]);
    const nothing = readCgroupStats(
      { v1, v2: undefined },
      { idleBlkio: new Set(["blkio.throttle.", "blkio.bfq.", "blkio."]) },
    );
    expect(nothing.blkio).toEqual({ devices: [] });
  });
});

describe("version 2", () => {
  test("microseconds become nanoseconds, and max is no limit", () => {
    expect(readCgroupStats(v2At(testdir(capturedV2)))).toEqual({
      cpu: { usage: 8170000000 },
      memory: { usage: 22069248, inactiveFile: 20971520, limit: undefined },
      pids: { current: 2 },
      blkio: {
        devices: [{ major: 98, minor: 0, readBytes: 0, writeBytes: 545259520, reads: 0, writes: 4255 }],
      },
      oom: { kills: 0 },
      pressure: {
        cpu: {
          some: { avg10: 1.25, avg60: 0.5, avg300: 0.11, total: 987654 },
          full: { avg10: 1, avg60: 0.4, avg300: 0.09, total: 876543 },
        },
        memory: {
          some: { avg10: 30, avg60: 12.07, avg300: 3.1, total: 5000000 },
          full: { avg10: 28.44, avg60: 11.5, avg300: 2.98, total: 4800000 },
        },
        io: {
          some: { avg10: 0, avg60: 0, avg300: 0, total: 14 },
          full: { avg10: 0, avg60: 0, avg300: 0, total: 0 },
        },
      },
    });
  });

  test("the cgroups of a process of version 2 alone have all of it", () => {
    const id = "a".repeat(64);
    const files: Tree = Object.fromEntries(
      Object.entries(capturedV2).map(([name, text]) => [`crio-${id}/${name}`, text]),
    );
    const mount = {
      root: "/",
      target: testdir(files),
      type: "cgroup2",
      superOptions: [],
    };
    const stats = readCgroupStats(parseProcessCgroups(`0::/crio-${id}\n`, id, [mount]));
    expect(statsControllers.filter((name) => stats[name] === undefined)).toEqual([]);
  });

  test("older kernels do not count when all wait for a processor", () => {
    const some = "some avg10=0.00 avg60=0.00 avg300=0.00 total=7\n";
    const { pressure } = readCgroupStats(v2At(testdir({ ...capturedV2, "cpu.pressure": some })));
    expect(pressure?.cpu).toEqual({ some: { avg10: 0, avg60: 0, avg300: 0, total: 7 }, full: undefined });
  });

  test.each(["", "some avg10=many\n", "full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n"])(
    "a pressure that is none is not known: %j",
    (text) => {
      const { pressure } = readCgroupStats(v2At(testdir({ ...capturedV2, "cpu.pressure": text })));
      expect(pressure).toBeUndefined();
    },
  );

  test("detail adds the rest", () => {
    const files = {
      ...capturedV2,
      "cpu.stat":
        "usage_usec 9\nuser_usec 7\nsystem_usec 2\nnr_periods 5\nnr_throttled 4\nthrottled_usec 3\n",
      "memory.max": "33554432\n",
    };
    const stats = readCgroupStats(v2At(testdir(files)), { detail: true });
    expect(stats.cpu).toEqual({
      usage: 9000,
      user: 7000,
      system: 2000,
      throttling: { periods: 5, throttledPeriods: 4, throttledTime: 3000 },
    });
    expect(stats.memory).toMatchObject({ limit: 33554432, maxUsage: 23216128, failures: 4 });
    expect(stats.memory?.stat).toMatchObject({ anon: 106496, inactive_file: 20971520 });
    expect(stats.pids).toEqual({ current: 2, limit: 1024 });
  });

  test("who holds crun's own cgroup in a scope back is told", () => {
    const stat = (periods: number, throttled: number): string =>
      `usage_usec 9\nnr_periods ${periods}\nnr_throttled ${throttled}\nthrottled_usec ${throttled * 3}\n`;
    const throttling = (outer: string, inner: string): unknown => {
      const files = { "crio-1.scope/cpu.stat": outer, "crio-1.scope/container/cpu.stat": inner };
      return readCgroupStats(v2At(join(testdir(files), "crio-1.scope")), { detail: true }).cpu?.throttling;
    };
    expect(throttling(stat(0, 0), stat(5, 4))).toEqual({
      periods: 5,
      throttledPeriods: 4,
      throttledTime: 12_000,
    });
    expect(throttling(stat(7, 2), stat(5, 1))).toEqual({
      periods: 7,
      throttledPeriods: 2,
      throttledTime: 6000,
    });
  });

  test("without the controller of processors there are times, but no throttling", () => {
    const files = { ...capturedV2, "cpu.stat": "usage_usec 37014\nuser_usec 28714\nsystem_usec 8299\n" };
    expect(readCgroupStats(v2At(testdir(files)), { detail: true }).cpu).toEqual({
      usage: 37014000,
      user: 28714000,
      system: 8299000,
    });
  });

  test.each([
    ["crun's own cgroup in the scope has them", "max", "33554432", 33554432],
    ["the lower of both holds", "16777216", "33554432", 16777216],
    ["neither has one", "max", "max", undefined],
  ])("limits in a scope: %s", (_, outer, inner, limit) => {
    const files = {
      ...{ "memory.current": "4096", "memory.stat": "inactive_file 0", "memory.max": outer },
      ...{ "pids.current": "1", "pids.max": outer },
      ...{ "container/memory.max": inner, "container/pids.max": inner },
    };
    const scope = (name: string): string =>
      join(
        testdir(Object.fromEntries(Object.entries(files).map(([file, text]) => [`${name}/${file}`, text]))),
        name,
      );
    const { memory, pids } = readCgroupStats(v2At(scope("crio-1.scope")), { detail: true });
    expect([memory?.limit, pids?.limit]).toEqual([limit, limit]);
    // Elsewhere a cgroup of that name is the container's own affair.
    const elsewhere = readCgroupStats(v2At(scope("crio-1")), { detail: true });
    expect(elsewhere.memory?.limit).toBe(outer === "max" ? undefined : Number(outer));
  });

  test.each([
    ["", []],
    // A device that counted nothing, without a line feed before the next one.
    ["7:0 8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n", [[8, 0, 1, 2]]],
    [
      "8:16 rbytes=5 wbytes=6\n253:0 wbytes=7 cost.usage=9\n8:32\n",
      [
        [8, 16, 5, 6],
        [253, 0, 0, 7],
      ],
    ],
  ])("io.stat %j", (text, expected) => {
    const { blkio } = readCgroupStats(v2At(testdir({ "io.stat": text })));
    expect(
      blkio?.devices.map(({ major, minor, readBytes, writeBytes }) => [major, minor, readBytes, writeBytes]),
    ).toEqual(expected);
  });
});

describe("both versions", () => {
  test("each controller is read where it is, the others from version 2", () => {
    const directory = testdir({
      ...capturedV1,
      "unified/cpu.stat": "usage_usec 1\n",
      "unified/memory.current": "12500\n",
      "unified/memory.max": "max\n",
    });
    const stats = readCgroupStats({
      v1: new Map([
        ["cpuacct", join(directory, "cpuacct")],
        ["pids", join(directory, "pids")],
      ]),
      v2: join(directory, "unified"),
    });
    expect(stats).toEqual({
      cpu: { usage: 37014579 },
      memory: { usage: 12500, inactiveFile: 0, limit: undefined },
      pids: { current: 2 },
      blkio: undefined,
    });
  });

  test("a hierarchy of version 1 that cannot be seen is not looked for in version 2", () => {
    const v1 = new Map<string, string | undefined>([["memory", undefined]]);
    const stats = readCgroupStats({ v1, v2: testdir(capturedV2) });
    expect(stats.memory).toBeUndefined();
    expect(stats.pids).toEqual({ current: 2 });
  });
});

describe.each([
  ["version 1", v1At, capturedV1],
  ["version 2", v2At, capturedV2],
] as const)("missing files of %s", (_, at, captured) => {
  // Version 1 does not watch it.
  const counted = statsControllers.filter((name) => name !== "pressure" || captured === capturedV2);

  test.each(counted)("a controller that is not asked for is not read: %s", (wanted) => {
    const stats = readCgroupStats(at(testdir(captured)), { controllers: [wanted] });
    const known = statsControllers.filter((name) => stats[name] !== undefined);
    expect(known).toEqual([wanted]);
  });

  test("a cgroup that is gone has no stats", () => {
    const gone = at(join(testdir(), "gone"));
    const nothing = Object.fromEntries(statsControllers.map((name) => [name, undefined]));
    expect(readCgroupStats(gone)).toEqual(nothing);
    expect(readCgroupStats(gone, { detail: true })).toEqual(nothing);
  });

  test.each<[keyof ReturnType<typeof readCgroupStats>, string[]]>([
    ["cpu", ["cpuacct/cpuacct.usage", "cpu.stat"]],
    ["memory", ["memory/memory.usage_in_bytes", "memory.current"]],
    ["pids", ["pids/pids.current", "pids.current"]],
    ["oom", ["memory/memory.oom_control", "memory.events"]],
    [
      "blkio",
      ["blkio/blkio.throttle.io_service_bytes", "blkio/blkio.throttle.io_service_bytes_recursive", "io.stat"],
    ],
  ])("a file that the kernel lacks takes %s away and nothing else", (controller, files) => {
    const stats = readCgroupStats(at(testdir(without(captured, ...files))));
    const missing = counted.filter((name) => stats[name] === undefined);
    expect(missing).toEqual([controller]);
  });

  test("the statistics of memory may be missing", () => {
    const files = without(captured, "memory/memory.stat", "memory.stat");
    expect(readCgroupStats(at(testdir(files))).memory?.inactiveFile).toBe(0);
  });
});

test("what is no number is not known", () => {
  const directory = testdir(capturedV2);
  writeFileSync(join(directory, "memory.current"), "lots\n");
  writeFileSync(join(directory, "pids.current"), "-1\n");
  const stats = readCgroupStats(v2At(directory));
  expect(stats.memory).toBeUndefined();
  expect(stats.pids).toBeUndefined();
});

test("a file that the system does not let be read is an error that names it", async () => {
  const directory = testdir({ "memory.current/": null });
  const error = await failureOf(() => readCgroupStats(v2At(directory), { controllers: ["memory"] }));
  expect(error.code).toBe("CORRUPT");
  expect(error.message).toBe(`${directory}/memory.current is a directory, not a regular file`);
});
