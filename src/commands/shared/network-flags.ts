import type { FlagSpecs } from "../../shell/flags";

/** The flags that say how a new pod is connected. */
export const networkFlags = {
  network: {
    argument: "NETWORK",
    help: "Network of the new pod: cni, the one that CRI-O takes; host; none; or CNI networks by their names with commas between; by default cni where one is configured, else none",
    completes: "networks",
  },
  publish: {
    short: "p",
    argument: "[IP:]HOST:CTR[/PROTOCOL]",
    repeatable: true,
    help: "Have a port of the host, or a range as 8000-8009, lead to one of the new pod; PROTOCOL is tcp, udp or sctp (repeatable)",
  },
  ip: {
    argument: "IP",
    repeatable: true,
    help: "Address of the new pod, one of IPv4 and of IPv6 (repeatable)",
  },
  mac: { argument: "MAC", help: "MAC address of the new pod" },
  dns: {
    argument: "IP",
    repeatable: true,
    help: "DNS server of the new pod instead of the host's (repeatable)",
  },
  "dns-search": {
    argument: "DOMAIN",
    repeatable: true,
    help: "Domain in which it looks for names (repeatable)",
  },
  "dns-option": { argument: "OPTION", repeatable: true, help: "Option of its resolv.conf (repeatable)" },
  "add-host": {
    argument: "NAME:IP",
    repeatable: true,
    help: "Name and address for the /etc/hosts of the new pod (repeatable)",
  },
  sysctl: {
    argument: "NAME=VALUE",
    repeatable: true,
    help: "Setting of the kernel for the namespaces of the new pod (repeatable)",
  },
} as const satisfies FlagSpecs;
