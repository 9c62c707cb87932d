import type { CommandDescription } from "../../shell/command";

export const command = {
  group: "look",
  order: 40,
  summary: "Show what containers use of processors, memory, network and disks",
  usage: "[flags] [CONTAINER...]",
  arguments: { min: 0, name: "CONTAINER...", completes: ["live-container"] },
  flags: {
    all: { short: "a", help: "Show all containers, those that do not run with zeros" },
    "no-stream": { help: "Show the stats once instead of again and again" },
    interval: {
      argument: "SECONDS",
      type: "number",
      minimum: 0.1,
      help: "Time between two looks: 2 when left out, with --no-stream a quarter of a second",
    },
    pod: { help: "Show the sums over the containers of each pod; arguments name pods" },
    sort: {
      argument: "KEY",
      choices: ["container", "name", "cpu", "mem", "mem_percent", "net", "block", "pids"],
      help: "Sort by container, name, cpu, mem, mem_percent, net, block or pids; numbers fall",
    },
    "no-trunc": { help: "Print ids and names in full" },
    format: {
      argument: "FORMAT",
      help: "Print json, prom (metrics for Prometheus, once, as the kubelet's), or what a template of Go makes of each line",
      completes: {
        fields: [
          ...["Container", "ID", "Name", "CPUPerc", "MemUsage", "MemPerc", "NetIO", "BlockIO", "PIDs"],
          ...["OOMKills", "CPUPressure", "MemPressure", "IOPressure", "Pod", "PodID", "PodNamespace"],
        ],
      },
    },
    json: { help: "Print JSON: an array for each look, one line each when there are several" },
  },
  exclusive: [{ flags: ["format", "json"], message: "format and json are mutually exclusive" }],
  examples: [
    { command: "kpod stats", does: "Watch all containers that run, until Ctrl-C" },
    { command: "kpod stats --no-stream --sort cpu", does: "Show once who uses most of the processors" },
    { command: "kpod stats --pod", does: "Watch pods instead of containers" },
    {
      command: "kpod stats --format prom",
      does: "Print the kubelet's metrics of containers while it is dead",
    },
    { command: "kpod stats --json --interval 10 web | tee web.jsonl", does: "Note the stats every 10 s" },
  ],
} as const satisfies CommandDescription;
