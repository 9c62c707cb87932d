import { command } from "../../shell/command";
import type { FlagSpecs } from "../../shell/flags";
import { listFlags } from "../shared/list-flags";

export const imagesFlags = {
  ...listFlags,
  format: {
    argument: "FORMAT",
    help: "Print json, or what a template of Go makes of each name of an image",
    completes: {
      fields: ["ID", "Repository", "Tag", "Digest", "Created", "CreatedSince", "CreatedAt", "Size"],
    },
  },
} as const satisfies FlagSpecs;

export const loadFlags = {
  tag: { argument: "NAME", help: "Name of the image in the store; without it the one in the archive" },
  quiet: { short: "q", help: "Print the image's id only" },
} as const satisfies FlagSpecs;

export const imagesCommand = command({
  path: ["images"],
  group: "images",
  summary: "List images",
  usage: "[flags]",
  arguments: { min: 0, max: 0, name: "no arguments" },
  flags: imagesFlags,
  examples: [
    { command: "kpod images", does: "List the images of the store" },
    {
      command: "kpod images --format '{{.Repository}}:{{.Tag}} {{.Size}}'",
      does: "Say what is printed of each",
    },
    { command: "kpod images --format json", does: "The same as JSON" },
  ],
  load: () => import("./run"),
});

export const loadCommand = command({
  path: ["load"],
  group: "images",
  summary: "Load an image from an archive or an OCI layout",
  usage: "[flags] FILE",
  arguments: { min: 1, max: 1, name: "FILE", completes: ["file"] },
  flags: loadFlags,
  needsRoot: true,
  examples: [
    { command: "kpod load busybox.tar", does: "Load an archive of docker or OCI" },
    { command: "kpod load --tag localhost/app:1 build/app", does: "Load an OCI layout under a name" },
  ],
  load: () => import("../load/run"),
});
