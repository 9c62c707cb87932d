import type { CommandDescription } from "../../shell/command";

export const command = {
  group: "pods",
  order: 90,
  summary: "Forward ports of the node to ports of a pod",
  usage: "[flags] POD [LOCAL:]REMOTE...",
  arguments: { min: 2, name: "POD [LOCAL:]REMOTE...", completes: ["ready-pod", "nothing"] },
  flags: {
    address: {
      argument: "ADDRESS[,ADDRESS]",
      repeatable: true,
      help: "Listen on this address of the node, localhost for both of IPv4 and IPv6 (repeatable); 127.0.0.1 when left out",
      completes: { words: ["127.0.0.1", "::1", "localhost", "0.0.0.0", "::"] },
    },
  },
  needsRoot: true,
  examples: [
    { command: "kpod port-forward shop 8080:80", does: "Lead port 8080 of the node to port 80 of a pod" },
    { command: "kpod port-forward shop 5432 :9090", does: "Two ports, the second by any that is free" },
    {
      command: "kpod port-forward --address 0.0.0.0,:: shop 8080:80",
      does: "Also for other machines",
    },
  ],
} as const satisfies CommandDescription;
