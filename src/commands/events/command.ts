import { eventStatuses, eventTypes } from "../../lib/events/event";
import type { CommandDescription } from "../../shell/command";

export const command = {
  group: "look",
  order: 45,
  summary: "Tell what happens to containers, pods and images, as it happens",
  usage: "[flags]",
  arguments: { min: 0, max: 0, name: "no arguments" },
  flags: {
    filter: {
      short: "f",
      argument: "KEY=VALUE",
      repeatable: true,
      help: "Only events that fit: container, event, image, label, pod, type (repeatable)",
      completes: {
        filters: {
          container: "container-name",
          event: { words: eventStatuses },
          image: "image",
          label: "nothing",
          pod: "pod",
          type: { words: eventTypes },
        },
      },
    },
    since: {
      argument: "TIME",
      help: "What has happened from this time on, too: 2006-01-02T15:04:05Z, 15:04:05, or 10m for ten minutes ago",
    },
    until: {
      argument: "TIME",
      help: "What has happened, too, and end at this time; 10m for in ten minutes",
    },
    format: {
      argument: "FORMAT",
      help: "Print json, or what a template makes of each: {{.Status}}",
      completes: {
        fields: [
          ...[
            "Attributes",
            "ContainerExitCode",
            "ID",
            "Image",
            "Name",
            "PodID",
            "Status",
            "Time",
            "TimeNano",
          ],
          "Type",
        ],
      },
    },
    json: { help: "Print JSON, one object a line" },
    "no-stream": { help: "Print what has happened, and end" },
  },
  exclusive: [{ flags: ["format", "json"], message: "format and json are mutually exclusive" }],
  examples: [
    { command: "kpod events", does: "What happens from now on, until Ctrl-C" },
    {
      command: "kpod events --since 1h --filter event=died --filter event=oom",
      does: "What ended in the last hour, and what ends",
    },
    {
      command: "kpod events --no-stream --json --filter pod=shop",
      does: "All that is known of a pod, for a program",
    },
  ],
} as const satisfies CommandDescription;
