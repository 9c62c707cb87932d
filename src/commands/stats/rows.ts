import { displayId } from "../../format/id";
import { sortedBy, type SortValue } from "../../format/sort";
import { tableText } from "../../format/table";
import { humanSize, unknownNumber } from "../../format/units";
import type { Pressure } from "../../lib/cgroups/counters";
import type { StatsValues } from "../../lib/operations/stats-values";
import type { NamedStats, StatsPart } from "../../lib/operations/stats-watch";
import { withSecondNames } from "../shared/output-format";

/** How rows are shown. */
export interface RowStyle {
  /** True when the rows are pods. */
  readonly pod: boolean;
  readonly noTrunc: boolean;
}

const valueColumns = ["CPU %", "MEM USAGE / LIMIT", "MEM %", "NET I/O", "BLOCK I/O", "PIDS"];

/** What the numbers of the table are called in templates. */
export const tableFields: ReadonlySet<string> = new Set([
  ...["CPUPerc", "MemUsage", "MemPerc", "NetIO", "BlockIO", "PIDs"],
]);

/** The headings of the table. */
export function columnsOf({ pod }: RowStyle): string[] {
  return [...(pod ? ["POD ID", "NAME", "K8S NAMESPACE"] : ["CONTAINER", "NAME"]), ...valueColumns];
}

/** The cells of a row. */
export function cellsOf(row: NamedStats, { pod, noTrunc }: RowStyle): string[] {
  const id = displayId(row.id, { noTrunc });
  const { CPUPerc, MemUsage, MemPerc, NetIO, BlockIO, PIDs } = valueTexts(row.stats);
  return [
    ...(pod ? [id, row.name, row.podNamespace] : [id, row.name]),
    ...[CPUPerc, MemUsage, MemPerc, NetIO, BlockIO, PIDs],
  ];
}

/**
 * The rows as a table.
 * @param width the characters of a line; names that take the room of the numbers are cut, then columns left out.
 * Without it, and with names wanted in full, nothing is
 */
export function statsTable(rows: readonly NamedStats[], style: RowStyle, width?: number): string {
  const cells = rows.map((row) => cellsOf(row, style));
  return tableText({
    columns: columnsOf(style),
    rows: cells,
    width: style.noTrunc ? undefined : width,
    narrow: { NAME: 20, "K8S NAMESPACE": 10 },
    spare: ["BLOCK I/O", "NET I/O"],
  });
}

/** What a template can name in a row. */
export function templateFields(row: NamedStats, { noTrunc }: RowStyle): Record<string, string> {
  const id = displayId(row.id, { noTrunc });
  const fields = {
    Container: id,
    ID: id,
    Name: row.name,
    ...valueTexts(row.stats),
    Pod: row.podName,
    PodID: displayId(row.podId, { noTrunc }),
    PodNamespace: row.podNamespace,
  };
  // Both are podman's; docker has PIDs.
  return withSecondNames(fields, { PIDS: "PIDs", ContainerID: "ID" });
}

/** The headings of these fields in `table …`, where they are not the field's name in capitals. */
export const templateHeadings: Readonly<Record<string, string>> = {
  ID: "CONTAINER ID",
  CPUPerc: "CPU %",
  MemUsage: "MEM USAGE / LIMIT",
  MemPerc: "MEM %",
  NetIO: "NET I/O",
  BlockIO: "BLOCK I/O",
  PIDs: "PIDS",
  OOMKills: "OOM KILLS",
  CPUPressure: "CPU PRESSURE",
  MemPressure: "MEM PRESSURE",
  IOPressure: "IO PRESSURE",
  ContainerID: "CONTAINER ID",
  PodID: "POD ID",
  PodNamespace: "K8S NAMESPACE",
};

/** A row as JSON: numbers as they are (bytes, percent), null for what is not known. */
export function rowJson(row: NamedStats, { pod }: RowStyle): Record<string, unknown> {
  const { stats } = row;
  return {
    ...(pod
      ? { podId: row.id, podName: row.name, podNamespace: row.podNamespace }
      : { container: row.id, name: row.name }),
    cpu: stats.cpu ?? null,
    mem_usage: stats.memUsage ?? null,
    mem_limit: stats.memLimit ?? null,
    mem_percent: stats.memPerc ?? null,
    net_input: stats.netInput ?? null,
    net_output: stats.netOutput ?? null,
    block_input: stats.blockInput ?? null,
    block_output: stats.blockOutput ?? null,
    pids: stats.pids ?? null,
    oom_kills: stats.oomKills ?? null,
    ...(pod
      ? {}
      : {
          cpu_pressure: pressureJson(stats.pressure?.cpu),
          mem_pressure: pressureJson(stats.pressure?.memory),
          io_pressure: pressureJson(stats.pressure?.io),
        }),
  };
}

function pressureJson(pressure: Pressure | undefined): Record<string, unknown> | null {
  return pressure === undefined ? null : { some: pressure.some, full: pressure.full ?? null };
}

/** By what rows can be sorted. */
export type SortKey = "container" | "name" | "cpu" | "mem" | "mem_percent" | "net" | "block" | "pids";

/** Sorts rows, texts rising and numbers falling; what is not known comes last, and equal rows stay in order. */
export function sortRows(rows: readonly NamedStats[], key: SortKey): NamedStats[] {
  return sortedBy(rows, sortValues[key]);
}

const sortValues: Readonly<Record<SortKey, (row: NamedStats) => SortValue>> = {
  container: ({ id }) => id,
  name: ({ name }) => name,
  cpu: ({ stats }) => stats.cpu,
  mem: ({ stats }) => stats.memUsage,
  mem_percent: ({ stats }) => stats.memPerc,
  net: ({ stats }) => both(stats.netInput, stats.netOutput),
  block: ({ stats }) => both(stats.blockInput, stats.blockOutput),
  pids: ({ stats }) => stats.pids,
};

function both(input: number | undefined, output: number | undefined): number | undefined {
  return input === undefined || output === undefined ? undefined : input + output;
}

const fieldParts: Readonly<Record<string, StatsPart>> = {
  CPUPerc: "cpu",
  MemUsage: "memory",
  MemPerc: "memory",
  NetIO: "network",
  BlockIO: "blkio",
  PIDs: "pids",
  PIDS: "pids",
  OOMKills: "oom",
  CPUPressure: "pressure",
  MemPressure: "pressure",
  IOPressure: "pressure",
};

const sortParts: Readonly<Partial<Record<SortKey, StatsPart>>> = {
  cpu: "cpu",
  mem: "memory",
  mem_percent: "memory",
  net: "network",
  block: "blkio",
  pids: "pids",
};

/**
 * What has to be read for rows.
 * @param fields the fields that are shown; undefined for all
 */
export function partsFor(fields: ReadonlySet<string> | undefined, sort: SortKey | undefined): Set<StatsPart> {
  const all = Object.entries(fieldParts);
  const parts = new Set(all.filter(([name]) => fields?.has(name) ?? true).map(([, part]) => part));
  const sorted = sort === undefined ? undefined : sortParts[sort];
  return sorted === undefined ? parts : parts.add(sorted);
}

/** The cells of the numbers, under the names that templates give them. */
function valueTexts(stats: StatsValues) {
  return {
    CPUPerc: percent(stats.cpu),
    MemUsage: sizes(stats.memUsage, stats.memLimit),
    MemPerc: percent(stats.memPerc),
    NetIO: sizes(stats.netInput, stats.netOutput),
    BlockIO: sizes(stats.blockInput, stats.blockOutput),
    PIDs: stats.pids === undefined ? unknownNumber : String(stats.pids),
    OOMKills: stats.oomKills === undefined ? unknownNumber : String(stats.oomKills),
    CPUPressure: shares(stats.pressure?.cpu),
    MemPressure: shares(stats.pressure?.memory),
    IOPressure: shares(stats.pressure?.io),
  };
}

/** In how much of the last ten seconds some waited, and all of them. */
function shares(pressure: Pressure | undefined): string {
  return pressure === undefined
    ? unknownNumber
    : `${percent(pressure.some.avg10)} / ${percent(pressure.full?.avg10)}`;
}

function percent(value: number | undefined): string {
  return value === undefined ? unknownNumber : `${value.toFixed(2)}%`;
}

function sizes(first: number | undefined, second: number | undefined): string {
  return first === undefined || second === undefined
    ? unknownNumber
    : `${humanSize(first)} / ${humanSize(second)}`;
}
