import type { Colors } from "../cli/colors";
import { tableText, type Cell } from "../format/table";
import type { Container } from "../lib/oci/container";
import { ContainerRow } from "./container-rows";
import type { RowSource } from "./row-source";
import { statusCell, type TableStyle } from "./table-style";

/** Which columns a table of containers has. */
export interface ContainerColumns {
  /** Those of the pod. */
  readonly pod: boolean;
  readonly size: boolean;
  /** Process and namespaces instead of the usual ones. */
  readonly namespace: boolean;
  readonly noheading: boolean;
}

type Column = readonly [heading: string, cell: (row: ContainerRow, colors: Colors) => Cell];

const usual: readonly Column[] = [
  ["CONTAINER ID", ({ id }) => id],
  ["IMAGE", ({ image }) => image],
  ["COMMAND", ({ command }) => command],
  ["CREATED", ({ created }) => created],
  ["STATUS", ({ status, state }, colors) => statusCell(status, state, colors)],
  ["PORTS", ({ ports }) => ports],
  ["NAMES", ({ names }) => names],
];

const namespaces: readonly Column[] = [
  ["CONTAINER ID", ({ id }) => id],
  ["NAMES", ({ names }) => names],
  ["PID", ({ pid }) => (pid === 0 ? "-" : String(pid))],
  ["CGROUP", (row) => row.namespaces?.cgroup ?? "-"],
  ["IPC", (row) => row.namespaces?.ipc ?? "-"],
  ["MNT", (row) => row.namespaces?.mnt ?? "-"],
  ["NET", (row) => row.namespaces?.net ?? "-"],
  ["PIDNS", (row) => row.namespaces?.pid ?? "-"],
  ["USER", (row) => row.namespaces?.user ?? "-"],
  ["UTS", (row) => row.namespaces?.uts ?? "-"],
];

const ofPod: readonly Column[] = [
  ["POD", ({ pod }) => pod],
  ["K8S NAMESPACE", ({ podNamespace }) => podNamespace],
];

const ofSize: readonly Column[] = [["SIZE", ({ size }) => size]];

/** Those that give way on a narrow terminal, and how much stays of them. */
const narrow = { IMAGE: 10, COMMAND: 10, PORTS: 10, NAMES: 24, POD: 10, "K8S NAMESPACE": 10 };

/** Those that are left out on an even narrower one: inspect shows them, too. */
const spare = ["COMMAND", "PORTS", "CREATED", "IMAGE"];

/** Containers as a table. */
export function containerTable(
  source: RowSource,
  containers: readonly Container[],
  { pod, size, namespace, noheading }: ContainerColumns,
  { colors, width }: TableStyle,
): string {
  const columns = [...(namespace ? namespaces : usual), ...(pod ? ofPod : []), ...(size ? ofSize : [])];
  return tableText({
    columns: columns.map(([heading]) => heading),
    rows: containers.map((container) => {
      const row = new ContainerRow(source, container);
      return columns.map(([, cell]) => cell(row, colors));
    }),
    heading: !noheading,
    width: width(),
    narrow,
    spare,
  });
}
