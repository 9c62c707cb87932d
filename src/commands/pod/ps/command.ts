import type { CommandDescription } from "../../../shell/command";
import { listFlags } from "../../shared/flags";

export const command = {
  group: "pods",
  order: 10,
  summary: "List pods",
  usage: "[flags]",
  arguments: { min: 0, max: 0, name: "no arguments" },
  flags: {
    filter: {
      short: "f",
      argument: "KEY=VALUE",
      repeatable: true,
      help: "Show those that fit: id, label, name, namespace, network or state; KEY!=VALUE negates",
      completes: {
        filters: {
          id: "pod-id",
          label: "nothing",
          name: "pod-name",
          namespace: "namespace",
          network: "network",
          state: { words: ["ready", "notready", "creating"] },
        },
      },
    },
    network: { help: "Add a column with the networks of the pods" },
    sort: {
      argument: "KEY",
      choices: ["created", "id", "name", "namespace", "state"],
      help: "Sort by created, which is newest first, id, name, namespace or state",
    },
    ...listFlags,
    format: {
      argument: "FORMAT",
      help: "Print json, or what a template of Go makes of each pod",
      completes: {
        fields: [
          "ID",
          "Name",
          "KubeName",
          "Namespace",
          "UID",
          "Attempt",
          "State",
          "CreatedAt",
          "Created",
          "Labels",
          "InfraContainerID",
          "NumberOfContainers",
          "Running",
          "Containers",
          "Networks",
        ],
      },
    },
  },
  examples: [
    { command: "kpod pod ps", does: "List the pods, newest first" },
    {
      command: "kpod pod ps -f namespace=shop,state=notready",
      does: "List those of a namespace that are not ready",
    },
    { command: "kpod pod ps --network -f network=blue", does: "List those in a network, with all of theirs" },
    { command: "kpod pod ps -q --no-trunc", does: "Print their full ids alone" },
    { command: "kpod pod ps --format '{{.KubeName}} {{.Running}}'", does: "Say what is printed of each" },
  ],
} as const satisfies CommandDescription;
