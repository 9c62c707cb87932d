import type { FlagSpecs, FlagValues } from "./flags";

/** The flags that every command takes, before and after its name. */
export const globalFlags = {
  config: {
    short: "c",
    argument: "PATH",
    help: "Configuration file instead of /etc/crio/crio.conf and its drop-ins",
    completes: "file",
  },
  "log-level": {
    argument: "LEVEL",
    choices: ["debug", "info", "warn", "error", "fatal", "panic"],
    default: "error",
    help: "Messages on stderr: debug, info, warn, error, fatal or panic",
  },
  root: {
    argument: "PATH",
    help: "Directory of the store of images and containers",
    completes: "directory",
  },
  runroot: {
    argument: "PATH",
    help: "Directory of the store's state, which a reboot clears",
    completes: "directory",
  },
  "storage-driver": {
    short: "s",
    argument: "DRIVER",
    help: "Graph driver of the store",
    completes: { words: ["overlay", "vfs"] },
  },
  "storage-opt": { argument: "OPTION", repeatable: true, help: "Option of the graph driver (repeatable)" },
  "log-dir": {
    argument: "PATH",
    help: "Directory of logs that were moved, or whose paths are another machine's",
    completes: "directory",
  },
  host: {
    argument: "NODE",
    help: "Run this on another node, by ssh: node, user@node or ssh://user@node:port",
  },
  "host-root": {
    argument: "PATH",
    help: "Look at a node that is mounted below this directory, with its /proc and /sys",
    completes: "directory",
  },
  runtime: { argument: "PATH", help: "OCI runtime", completes: "file" },
  "lock-timeout": {
    argument: "SECONDS",
    type: "number",
    minimum: 0,
    help: "Wait so long for locks that others hold, in all; 0 for ever (default: 1 for looks, 30 for changes)",
  },
  help: { short: "h", help: "Show help" },
  version: { short: "v", help: "Show the version" },
} as const satisfies FlagSpecs;

/** Seconds that a command waits for locks where nobody says: one that looks goes on without them, others give up. */
export const lockTimeouts = { look: 1, change: 30 } as const;

/** The values of the global flags. */
export type GlobalValues = FlagValues<typeof globalFlags>;
