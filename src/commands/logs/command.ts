import type { CommandDescription } from "../../shell/command";
import { attemptFlag } from "../shared/flags";

export const command = {
  group: "look",
  order: 30,
  summary: "Print what containers have written",
  usage: "[flags] CONTAINER...",
  arguments: { min: 1, name: "CONTAINER...", completes: ["newest-container"] },
  flags: {
    follow: { short: "f", help: "Go on until the container has ended" },
    since: {
      argument: "TIME",
      help: "Only lines from this time on: 2006-01-02T15:04:05Z, 15:04:05, or 10m for ten minutes ago",
    },
    until: { argument: "TIME", help: "Only lines up to this time" },
    tail: { argument: "N", type: "integer", minimum: 0, help: "Only the last N lines" },
    timestamps: { short: "t", help: "Print the time before each line" },
    stream: {
      argument: "STREAM",
      choices: ["stdout", "stderr"],
      help: "Only what was written to stdout or stderr",
    },
    names: { help: "Print the name of the container before each line" },
    details: { help: "Print the labels of the container before each line" },
    previous: { short: "p", help: "Print the log of the attempt before, which this container has replaced" },
    ...attemptFlag,
    "limit-bytes": {
      argument: "N",
      type: "integer",
      minimum: 0,
      help: "Print N bytes at most, and end then",
    },
    reopen: {
      short: "r",
      help: "Print nothing, but have conmon open the log file anew, after it was moved away",
    },
  },
  exclusive: [
    { flags: ["previous", "attempt"], message: "--previous and --attempt name two attempts: leave out one" },
    { flags: ["reopen", "follow"], message: "--reopen prints nothing that could be followed" },
    {
      flags: ["reopen", "previous"],
      message: "--reopen is for the log that is written to, not for a previous one",
    },
  ],
  examples: [
    { command: "kpod logs --tail 10 -f web", does: "Print the last ten lines, and go on as it writes" },
    {
      command: "kpod logs --since 1h30m --stream stderr web",
      does: "Its errors of the last one and a half hours",
    },
    {
      command: "kpod logs --since 2006-01-02T15:04:05Z --until 15:30:00 -t web",
      does: "A stretch of time, with the time of each line",
    },
    { command: "kpod logs -f --names web db", does: "Follow two containers, each line with its name" },
    {
      command: "kpod logs --attempt 0 shop/web",
      does: "The log of the first attempt, where it is still there",
    },
    { command: "kpod logs --reopen web", does: "Go on in a new file, after a rotation by hand" },
  ],
} as const satisfies CommandDescription;
