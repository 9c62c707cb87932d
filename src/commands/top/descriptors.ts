import { timeText } from "../../format/units";
import type { ContainerProcess } from "../../lib/operations/top";
import { capabilitiesIn, capabilityNames } from "../../lib/system/capabilities";

/** A column: its heading, and what stands in it; a number is one in JSON, too. */
interface Descriptor {
  readonly heading: string;
  readonly value: (process: ContainerProcess) => string | number;
}

/** The columns by podman's names for them. */
export const descriptors = {
  args: {
    heading: "COMMAND",
    value: ({ args, name }) => (args.length === 0 ? `[${name}]` : args.join(" ")),
  },
  capamb: { heading: "AMBIENT CAPS", value: capabilities("CapAmb") },
  capbnd: { heading: "BOUNDING CAPS", value: capabilities("CapBnd") },
  capeff: { heading: "EFFECTIVE CAPS", value: capabilities("CapEff") },
  capinh: { heading: "INHERITED CAPS", value: capabilities("CapInh") },
  capprm: { heading: "PERMITTED CAPS", value: capabilities("CapPrm") },
  comm: { heading: "COMMAND", value: ({ name }) => name },
  etime: { heading: "ELAPSED", value: ({ age }) => span(age) },
  group: { heading: "GROUP", value: ({ group }) => group },
  groups: { heading: "GROUPS", value: ({ groupNames }) => groupNames.join(",") },
  hgroup: { heading: "HGROUP", value: ({ nodeGroup }) => nodeGroup },
  hgroups: { heading: "HGROUPS", value: ({ nodeGroupNames }) => nodeGroupNames.join(",") },
  hpid: { heading: "HPID", value: ({ pid }) => pid },
  huser: { heading: "HUSER", value: ({ nodeUser }) => nodeUser },
  label: { heading: "LABEL", value: ({ label }) => label },
  nice: { heading: "NI", value: ({ nice }) => nice },
  pcpu: { heading: "%CPU", value: ({ processorTime, age }) => percent(processorTime, age) },
  pgid: { heading: "PGID", value: ({ innerGroup }) => innerGroup },
  pid: { heading: "PID", value: ({ innerPid }) => innerPid },
  ppid: { heading: "PPID", value: ({ innerParent }) => innerParent },
  rgroup: { heading: "RGROUP", value: ({ realGroup }) => realGroup },
  rss: { heading: "RSS", value: ({ residentBytes }) => Math.floor(residentBytes / 1024) },
  ruser: { heading: "RUSER", value: ({ realUser }) => realUser },
  seccomp: {
    heading: "SECCOMP",
    value: ({ seccomp }) => ["disabled", "strict", "filter"][seccomp] ?? String(seccomp),
  },
  state: { heading: "STATE", value: ({ state }) => state },
  stime: { heading: "STIME", value: ({ started }) => timeText(started) },
  time: { heading: "TIME", value: ({ processorTime }) => span(processorTime) },
  tty: { heading: "TTY", value: ({ terminal }) => terminalName(terminal) },
  user: { heading: "USER", value: ({ user }) => user },
  vsz: { heading: "VSZ", value: ({ virtualBytes }) => Math.floor(virtualBytes / 1024) },
} as const satisfies Readonly<Record<string, Descriptor>>;

export type DescriptorName = keyof typeof descriptors;

/** Shown where none is named: podman's. */
export const usualDescriptors: readonly DescriptorName[] = [
  ...(["user", "pid", "ppid", "pcpu", "etime", "tty", "time", "args"] as const),
];

export function isDescriptor(word: string): word is DescriptorName {
  return Object.hasOwn(descriptors, word);
}

function capabilities(set: string): (process: ContainerProcess) => string {
  return (process) => {
    const names = capabilitiesIn(process.capabilities[set] ?? 0n);
    if (names.length === 0) return "none";
    return names.length >= capabilityNames.length ? "full" : names.join(",");
  };
}

/** A span as Go writes one, in whole seconds: `1h2m3s`. */
function span(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours > 0) return `${hours}h${minutes % 60}m${seconds % 60}s`;
  return minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`;
}

/** The use of one processor since the start, with a digit behind the point. */
function percent(processorTime: number, age: number): number {
  return age === 0 ? 0 : Math.round((processorTime / age) * 1000) / 10;
}

/** The name of a terminal by its device number (proc(5), devices.txt of the kernel); `?` without one. */
function terminalName(device: number): string {
  const major = (device >> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >> 12) & 0xfff00);
  if (major >= 136 && major <= 143) return `pts/${(major - 136) * 256 + minor}`;
  if (major === 4) return minor < 64 ? `tty${minor}` : `ttyS${minor - 64}`;
  if (major === 5 && minor === 1) return "console";
  return "?";
}
