import type { CommandDescription } from "../../shell/command";
import { listFlags } from "../shared/flags";

export const command = {
  group: "images",
  order: 10,
  summary: "List images",
  usage: "[flags] [NAME]",
  arguments: { min: 0, max: 1, name: "[NAME]", completes: ["image"] },
  flags: {
    all: { short: "a", help: "List all images, as it does without, too" },
    digests: { help: "Show the digests of the manifests, too" },
    filter: {
      short: "f",
      argument: "KEY=VALUE",
      repeatable: true,
      help: "List those that fit: before, dangling, in-use, label, pinned, reference or since; KEY!=VALUE negates",
      completes: {
        filters: {
          before: "image",
          dangling: { words: ["true", "false"] },
          "in-use": { words: ["true", "false"] },
          label: "nothing",
          pinned: { words: ["true", "false"] },
          reference: "image",
          since: "image",
        },
      },
    },
    ...listFlags,
    noheading: { ...listFlags.noheading, short: "n" },
    notruncate: { hidden: true, help: "The same as --no-trunc" },
    format: {
      argument: "FORMAT",
      help: "Print json, or what a template of Go makes of each name of an image",
      completes: {
        fields: ["ID", "Name", "Repository", "Tag", "Digest", "Created", "CreatedSince", "CreatedAt", "Size"],
      },
    },
  },
  examples: [
    { command: "kpod images", does: "List the images of the store" },
    {
      command: "kpod images --format '{{.Repository}}:{{.Tag}} {{.Size}}'",
      does: "Say what is printed of each",
    },
    { command: "kpod images -f in-use=false -f pinned=false", does: "List what could be removed" },
    { command: "kpod images --format json", does: "The same as JSON" },
  ],
} as const satisfies CommandDescription;
