import { plainColors, type Colors } from "../../shell/colors";
import { tableText, type Cell } from "../../format/table";
import type { Container } from "../../lib/oci/container";
import type { ContainerState } from "../../lib/oci/state/container-state";
import { ContainerRow } from "./row";
import type { Listing, TableStyle } from "../shared/listing";

/** Which columns a table of containers has. */
export interface ContainerColumns {
  /** Those of the pod. */
  readonly pod: boolean;
  readonly size: boolean;
  /** Process and namespaces instead of the usual ones. */
  readonly namespace: boolean;
  readonly noheading: boolean;
}

interface Column {
  readonly heading: string;
  readonly cell: (row: ContainerRow, colors: Colors) => Cell;
}

const usual: readonly Column[] = [
  { heading: "CONTAINER ID", cell: ({ id }) => id },
  { heading: "IMAGE", cell: ({ image }) => image },
  { heading: "COMMAND", cell: ({ command }) => command },
  { heading: "CREATED", cell: ({ created }) => created },
  { heading: "STATUS", cell: ({ status, state }, colors) => statusCell(status, state, colors) },
  { heading: "PORTS", cell: ({ ports }) => ports },
  { heading: "NAMES", cell: ({ names }) => names },
];

const namespaces: readonly Column[] = [
  { heading: "CONTAINER ID", cell: ({ id }) => id },
  { heading: "NAMES", cell: ({ names }) => names },
  { heading: "PID", cell: ({ pid }) => (pid === 0 ? "-" : String(pid)) },
  { heading: "CGROUP", cell: (row) => row.namespaces?.cgroup ?? "-" },
  { heading: "IPC", cell: (row) => row.namespaces?.ipc ?? "-" },
  { heading: "MNT", cell: (row) => row.namespaces?.mnt ?? "-" },
  { heading: "NET", cell: (row) => row.namespaces?.net ?? "-" },
  { heading: "PIDNS", cell: (row) => row.namespaces?.pid ?? "-" },
  { heading: "USER", cell: (row) => row.namespaces?.user ?? "-" },
  { heading: "UTS", cell: (row) => row.namespaces?.uts ?? "-" },
];

const ofPod: readonly Column[] = [
  { heading: "POD", cell: ({ pod }) => pod },
  { heading: "K8S NAMESPACE", cell: ({ podNamespace }) => podNamespace },
];

const ofSize: readonly Column[] = [{ heading: "SIZE", cell: ({ size }) => size }];

/** Those that give way on a narrow terminal, and how much stays of them. */
const narrow = { IMAGE: 10, COMMAND: 10, PORTS: 10, NAMES: 24, POD: 10, "K8S NAMESPACE": 10 };

/** Those that are left out on an even narrower one: inspect shows them, too. */
const spare = ["COMMAND", "PORTS", "CREATED", "IMAGE"];

/** Containers as a table. */
export function containerTable(
  listing: Listing,
  containers: readonly Container[],
  { pod, size, namespace, noheading }: ContainerColumns,
  { colors, width }: TableStyle,
): string {
  const columns = [...(namespace ? namespaces : usual), ...(pod ? ofPod : []), ...(size ? ofSize : [])];
  return tableText({
    columns: columns.map(({ heading }) => heading),
    rows: containers.map((container) => {
      const row = new ContainerRow(listing, container);
      return columns.map(({ cell }) => cell(row, colors));
    }),
    heading: !noheading,
    width: width(),
    narrow,
    spare,
  });
}

/** The state of a container in words, in its colour: what runs, what stands still, what failed, what nobody knows. */
function statusCell(text: string, state: ContainerState | undefined, colors: Colors): Cell {
  if (colors === plainColors) return text;
  switch (state?.status) {
    case "running":
      return { text, paint: colors.green };
    case "paused":
      return { text, paint: colors.yellow };
    case "creating":
    case "created":
      return text;
    case "stopped":
      return state.exitCode === 0 ? text : { text, paint: colors.red };
    default:
      return { text, paint: colors.magenta };
  }
}
