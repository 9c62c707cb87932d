import type { CommandDescription } from "../../shell/command";
import { listFlags } from "../shared/flags";

export const command = {
  group: "images",
  order: 10,
  summary: "List images",
  usage: "[flags]",
  arguments: { min: 0, max: 0, name: "no arguments" },
  flags: {
    ...listFlags,
    format: {
      argument: "FORMAT",
      help: "Print json, or what a template of Go makes of each name of an image",
      completes: {
        fields: ["ID", "Repository", "Tag", "Digest", "Created", "CreatedSince", "CreatedAt", "Size"],
      },
    },
  },
  examples: [
    { command: "kpod images", does: "List the images of the store" },
    {
      command: "kpod images --format '{{.Repository}}:{{.Tag}} {{.Size}}'",
      does: "Say what is printed of each",
    },
    { command: "kpod images --format json", does: "The same as JSON" },
  ],
} as const satisfies CommandDescription;
