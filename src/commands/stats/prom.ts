import { metricsText, type Measure, type Sample } from "../../format/prometheus";
import type { Pressure } from "../../lib/cgroups/counters";
import { namePartsOf } from "../../lib/names/full-names";
import type { StatsValues } from "../../lib/operations/stats-values";
import type { NamedStats } from "../../lib/operations/stats-watch";

type Series = readonly [
  name: string,
  type: "counter" | "gauge",
  help: string,
  value: (stats: StatsValues) => number | undefined,
];

/** The names and units are cAdvisor's, so that rules and dashboards for the kubelet's metrics fit. */
const ofContainers: readonly Series[] = [
  ["cpu_usage_seconds_total", "counter", "Processor time.", ({ cpuTime }) => scaled(cpuTime, 1e9)],
  ["memory_working_set_bytes", "gauge", "Memory that is not given back first.", ({ memUsage }) => memUsage],
  ["spec_memory_limit_bytes", "gauge", "Memory that may be used.", ({ memLimit }) => memLimit],
  ["fs_reads_bytes_total", "counter", "Bytes read from disks.", ({ blockInput }) => blockInput],
  ["fs_writes_bytes_total", "counter", "Bytes written to disks.", ({ blockOutput }) => blockOutput],
  ["threads", "gauge", "Processes and threads.", ({ pids }) => pids],
  ["oom_events_total", "counter", "Processes killed for want of memory.", ({ oomKills }) => oomKills],
  ...(["cpu", "memory", "io"] as const).flatMap((of): Series[] => [
    [
      `pressure_${of}_waiting_seconds_total`,
      "counter",
      `Time in which some waited for ${of}.`,
      waited(of, "some"),
    ],
    [
      `pressure_${of}_stalled_seconds_total`,
      "counter",
      `Time in which all waited for ${of}.`,
      waited(of, "full"),
    ],
  ]),
];

const ofPods: readonly Series[] = [
  ["network_receive_bytes_total", "counter", "Bytes that came in.", ({ netInput }) => netInput],
  ["network_transmit_bytes_total", "counter", "Bytes that went out.", ({ netOutput }) => netOutput],
];

/** What containers use as metrics for Prometheus. The network is that of the pod, and stands once for each. */
export function promText(rows: readonly NamedStats[]): string {
  const pods = rows.filter(({ podId }, index) => rows.findIndex((row) => row.podId === podId) === index);
  return metricsText([
    ...ofContainers.map((series) =>
      measure(series, rows, ({ id, name }) => ({
        name: id,
        container: namePartsOf(name)?.container ?? name,
      })),
    ),
    ...ofPods.map((series) => measure(series, pods, ({ podId }) => ({ name: podId, container: "" }))),
  ]);
}

function measure(
  [name, type, help, value]: Series,
  rows: readonly NamedStats[],
  who: (row: NamedStats) => Record<string, string>,
): Measure {
  const samples = rows.flatMap((row): Sample[] => {
    const measured = value(row.stats);
    if (measured === undefined) return [];
    return [{ labels: { ...who(row), pod: row.podName, namespace: row.podNamespace }, value: measured }];
  });
  return { name: `container_${name}`, type, help, samples };
}

function waited(of: "cpu" | "memory" | "io", share: keyof Pressure): Series[3] {
  return ({ pressure }) => scaled(pressure?.[of][share]?.total, 1e6);
}

function scaled(value: number | undefined, unit: number): number | undefined {
  return value === undefined ? undefined : value / unit;
}
