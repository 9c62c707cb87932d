import {
  cellsOf,
  columnsOf,
  partsFor,
  rowJson,
  sortRows,
  statsTable,
  templateFields,
  type SortKey,
} from "../../../src/commands/stats/rows";
import { openStatsOutput } from "../../../src/commands/stats/output";
import { UsageError } from "../../../src/shell/errors";
import { failureOf } from "../../helpers/failure";
import type { PressureAverages } from "../../../src/lib/cgroups/counters";
import type { StatsValues } from "../../../src/lib/operations/stats-values";
import type { NamedStats } from "../../../src/lib/operations/stats-watch";
import { bufferTerminal } from "../../helpers/buffer-terminal";

function averages(avg10: number): PressureAverages {
  return { avg10, avg60: 0.5, avg300: 0.1, total: 4711 };
}

const stats: StatsValues = {
  cpu: 199.999,
  cpuTime: 3_000_000_000,
  memUsage: 221_184,
  memLimit: 25_276_510_208,
  memPerc: 1.3449,
  netInput: 656,
  netOutput: 0,
  blockInput: 147_000,
  blockOutput: 9_000_000,
  pids: 12,
  oomKills: 2,
  pressure: {
    cpu: { some: averages(1.5), full: undefined },
    memory: { some: averages(12.25), full: averages(3) },
    io: { some: averages(0), full: averages(0) },
  },
};
const nothing: StatsValues = {
  ...{ cpu: undefined, cpuTime: undefined, memUsage: undefined, memLimit: undefined, memPerc: undefined },
  ...{ netInput: undefined, netOutput: undefined, blockInput: undefined, blockOutput: undefined },
  ...{ pids: undefined, oomKills: undefined, pressure: undefined },
};

function row(changes: Partial<NamedStats> = {}): NamedStats {
  return {
    id: "eb1f08a198e9a502f7cf7c4f2ddc58e02a73260e8e3ff189c30648a7fd01d120",
    name: "k8s_web_shop_sales_uid_0",
    podId: "a4cdbab66acb5b725b8a25ee7ac481c1b1d4c8379cf346b51d66f648289a5288",
    podName: "shop",
    podNamespace: "sales",
    stats,
    ...changes,
  };
}

const style = { pod: false, noTrunc: false };
const flags = { ...style, format: undefined, json: false, noStream: false };

test("the columns and cells of a container", () => {
  expect(columnsOf(style)).toEqual([
    "CONTAINER",
    "NAME",
    "CPU %",
    "MEM USAGE / LIMIT",
    "MEM %",
    "NET I/O",
    "BLOCK I/O",
    "PIDS",
  ]);
  expect(cellsOf(row(), style)).toEqual([
    "eb1f08a198e9a",
    "k8s_web_shop_sales_uid_0",
    "200.00%",
    "221.2kB / 25.28GB",
    "1.34%",
    "656B / 0B",
    "147kB / 9MB",
    "12",
  ]);
});

test("the columns and cells of a pod", () => {
  const pod = { pod: true, noTrunc: true };
  expect(columnsOf(pod).slice(0, 4)).toEqual(["POD ID", "NAME", "K8S NAMESPACE", "CPU %"]);
  expect(cellsOf(row({ name: "shop" }), pod).slice(0, 4)).toEqual([row().id, "shop", "sales", "200.00%"]);
});

test("what is not known is two dashes in its own cell", () => {
  expect(cellsOf(row({ stats: nothing }), style).slice(2)).toEqual(["--", "--", "--", "--", "--", "--"]);
  const hostNetwork = { ...stats, netInput: undefined, netOutput: undefined };
  expect(cellsOf(row({ stats: hostNetwork }), style).slice(4)).toEqual(["1.34%", "--", "147kB / 9MB", "12"]);
});

test("JSON has these keys in this order, and numbers", () => {
  const json = rowJson(row(), style);
  const averaged = (avg10: number): string => `{"avg10":${avg10},"avg60":0.5,"avg300":0.1,"total":4711}`;
  expect(JSON.stringify(json)).toBe(
    `{"container":"${row().id}","name":"k8s_web_shop_sales_uid_0","cpu":199.999,"mem_usage":221184,` +
      `"mem_limit":25276510208,"mem_percent":1.3449,"net_input":656,"net_output":0,"block_input":147000,` +
      `"block_output":9000000,"pids":12,"oom_kills":2,"cpu_pressure":{"some":${averaged(1.5)},"full":null},` +
      `"mem_pressure":{"some":${averaged(12.25)},"full":${averaged(3)}},` +
      `"io_pressure":{"some":${averaged(0)},"full":${averaged(0)}}}`,
  );
  const ofPod = Object.keys(rowJson(row(), { ...style, pod: true }));
  expect(ofPod.slice(0, 4)).toEqual(["podId", "podName", "podNamespace", "cpu"]);
  // Shares of time cannot be added up.
  expect(ofPod.slice(-2)).toEqual(["pids", "oom_kills"]);
  const unknown = rowJson(row({ stats: nothing }), style);
  expect(Object.values(unknown).slice(2)).toEqual(Array.from({ length: 13 }, () => null));
});

test("a template can name all fields", () => {
  expect(templateFields(row(), style)).toEqual({
    Container: "eb1f08a198e9a",
    ID: "eb1f08a198e9a",
    Name: "k8s_web_shop_sales_uid_0",
    CPUPerc: "200.00%",
    MemUsage: "221.2kB / 25.28GB",
    MemPerc: "1.34%",
    NetIO: "656B / 0B",
    BlockIO: "147kB / 9MB",
    PIDs: "12",
    OOMKills: "2",
    CPUPressure: "1.50% / --",
    MemPressure: "12.25% / 3.00%",
    IOPressure: "0.00% / 0.00%",
    Pod: "shop",
    PodID: "a4cdbab66acb5",
    PodNamespace: "sales",
  });
  expect(templateFields(row(), { ...style, noTrunc: true })).toMatchObject({
    ID: row().id,
    PodID: row().podId,
  });
});

describe("sorting", () => {
  const rows = [
    row({
      id: "b",
      name: "x",
      stats: { ...stats, cpu: 1, memUsage: 3, memPerc: 9, netInput: 1, netOutput: 1, pids: 2 },
    }),
    row({ id: "c", name: "w", stats: nothing }),
    row({
      id: "a",
      name: "y",
      stats: { ...stats, cpu: 10, memUsage: 2, memPerc: 10, netInput: 0, netOutput: 3, pids: 2 },
    }),
    row({
      id: "d",
      name: "v",
      stats: {
        ...stats,
        cpu: 9,
        memUsage: 1,
        memPerc: 11,
        netInput: 9,
        netOutput: 9,
        pids: 3,
        blockInput: 0,
        blockOutput: 0,
      },
    }),
  ];

  test.each<[SortKey, string]>([
    ["container", "abcd"],
    ["name", "dcba"],
    ["cpu", "adbc"],
    ["mem", "badc"],
    ["mem_percent", "dabc"],
    ["net", "dabc"],
    ["block", "badc"],
    ["pids", "dbac"],
  ])("by %s: %s", (key, expected) => {
    expect(
      sortRows(rows, key)
        .map(({ id }) => id)
        .join(""),
    ).toBe(expected);
    expect(rows.map(({ id }) => id).join("")).toBe("bcad");
  });
});

describe("what has to be read", () => {
  const parts = async (format: string | undefined, sort?: SortKey): Promise<string[]> =>
    [...partsFor((await openStatsOutput({ ...flags, format }, terminal)).fields, sort)].sort();
  const table = ["blkio", "cpu", "memory", "network", "pids"];
  const all = [...table, "oom", "pressure"].sort();

  test.each([
    [undefined, undefined, table],
    ["json", undefined, all],
    ["{{json .}}", undefined, all],
    ["{{.ID}} {{.Name}}", undefined, []],
    ["{{.MemUsage}} {{.MemPerc}}", undefined, ["memory"]],
    ["table {{.NetIO}}\\t{{if .PIDs}}{{.BlockIO}}{{end}}", undefined, ["blkio", "network", "pids"]],
    ["{{.PIDs}}", "cpu", ["cpu", "pids"]],
    ["{{.PIDs}}", "name", ["pids"]],
    ["{{.OOMKills}}", undefined, ["oom"]],
    ["{{.CPUPressure}} {{.MemPressure}} {{.IOPressure}}", undefined, ["pressure"]],
  ] as const)("for %s sorted by %s: %j", async (format, sort, expected) => {
    expect(await parts(format, sort)).toEqual(expected);
  });
});

const terminal = bufferTerminal();

describe("the table", () => {
  const rows = [row(), row({ name: "k8s_a_very_long_name_of_a_container_in_a_pod_0" })];
  const widest = (table: string): number => Math.max(...table.split("\n").map((line) => line.length));
  const full = statsTable(rows, style);

  test("takes the width it needs where nothing bounds it", () => {
    expect(full).toContain("k8s_a_very_long_name_of_a_container_in_a_pod_0");
    expect(statsTable(rows, style, widest(full))).toBe(full);
  });

  test.each([1, 5, 30])("cuts names, and nothing else, when it is %i too wide", (excess) => {
    const table = statsTable(rows, style, widest(full) - excess);
    expect(widest(table)).toBe(widest(full) - excess);
    expect(table.match(/\.\.\. /g)?.length).toBeGreaterThanOrEqual(1);
    expect(table.match(/221\.2kB \/ 25\.28GB/g)).toHaveLength(2);
  });

  test("leaves something of a name", () => {
    const table = statsTable(rows, style, 60);
    expect(table).toContain("eb1f08a198e9a   k8s_a_v...   200.00%");
    expect(table).toMatch(/^CONTAINER +NAME +CPU % +MEM USAGE/);
    expect(table).not.toContain("BLOCK");
  });

  test("leaves names alone that are wanted in full", () => {
    const wanted = { ...style, noTrunc: true };
    expect(statsTable(rows, wanted, 10)).toBe(statsTable(rows, wanted));
  });

  test("shows a name that steers terminals as text", () => {
    const bad = [row({ name: "\x1b[2Jk8s_a_very_long_name_of_a_container_in_a_pod_0" })];
    expect(statsTable(bad, style)).toContain("\\x1b[2Jk8s");
    expect(statsTable(bad, style, 100)).toContain("\\x1b[2J");
    expect(statsTable(bad, style, 100)).not.toContain("\x1b");
  });

  test("of nothing is its headings", () => {
    expect(statsTable([], style)).toMatch(/^CONTAINER {3}NAME {3}.*PIDS\n$/);
  });
});

describe("the output", () => {
  test("is a table, drawn in place for the width of the terminal", async () => {
    const output = await openStatsOutput(flags, terminal);
    expect(output.text([row()])).toBe(statsTable([row()], style));
    const lines = output.lines?.([row()])({ columns: 90, rows: 10 });
    expect(`${lines?.join("\n") ?? ""}\n`).toBe(statsTable([row()], style, 90));
  });

  test.each([{ json: true }, { format: "json" }])("is an array of JSON a look with %j", async (asked) => {
    const streamed = await openStatsOutput({ ...flags, ...asked }, terminal);
    expect(streamed.lines).toBeUndefined();
    expect(streamed.text([row(), row()])).toBe(
      `${JSON.stringify([rowJson(row(), style), rowJson(row(), style)])}\n`,
    );
    expect(streamed.text([])).toBe("[]\n");
    const once = await openStatsOutput({ ...flags, ...asked, noStream: true }, terminal);
    expect(once.text([row()])).toBe(`${JSON.stringify([rowJson(row(), style)], undefined, 4)}\n`);
    expect(once.text([])).toBe("[]\n");
  });

  test("is what a template makes of each row", async () => {
    const output = await openStatsOutput({ ...flags, format: "{{.ID}}: {{.CPUPerc}}" }, terminal);
    expect(output.text([row(), row({ id: "b" })])).toBe("eb1f08a198e9a: 200.00%\nb: 200.00%\n");
    expect(output.lines?.([row()])({ columns: 5, rows: 5 })).toEqual(["eb1f08a198e9a: 200.00%"]);
    expect(output.lines?.([])({ columns: 5, rows: 5 })).toEqual([]);
  });

  test.each([
    [false, "CONTAINER ID    CPU %     MEM USAGE / LIMIT\n"],
    [true, "POD ID          CPU %     MEM USAGE / LIMIT\n"],
  ])("of a template for a table has headings, pods: %s", async (pod, headings) => {
    const output = await openStatsOutput(
      {
        ...flags,
        pod,
        format: "table {{.ID}}\\t{{.CPUPerc}}\\t{{.MemUsage}}",
      },
      terminal,
    );
    expect(output.text([row()])).toBe(`${headings}eb1f08a198e9a   200.00%   221.2kB / 25.28GB\n`);
  });

  test("a template that cannot be read is wrong usage, an unknown field a failure", async () => {
    await expect(openStatsOutput({ ...flags, format: "{{.ID" }, terminal)).rejects.toThrow(UsageError);
    const output = await openStatsOutput({ ...flags, format: "{{.Nope}}" }, terminal);
    const error = await failureOf(() => output.lines?.([row()]));
    expect(error.code).toBe("BAD_ARGUMENT");
    expect(error.message).toContain("can't evaluate field Nope in type container");
  });
});

test("the number of processes has both names, and either has it read", async () => {
  const output = await openStatsOutput(
    {
      pod: false,
      noTrunc: false,
      json: false,
      noStream: true,
      format: "table {{.PIDS}}\\t{{.PIDs}}\\t{{.ContainerID}}",
    },
    bufferTerminal(),
  );
  expect(output.text([row()])).toBe("PIDS   PIDS   CONTAINER ID\n12     12     eb1f08a198e9a\n");
  expect([...partsFor(new Set(["PIDS"]), undefined)]).toEqual(["pids"]);
  expect(Object.keys(templateFields(row(), { pod: false, noTrunc: false }))).not.toContain("PIDS");
});
