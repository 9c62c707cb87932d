import type { FlagSpec, FlagSpecs } from "../../shell/flags";

/** The flags that every command with a list for output takes, beside its own `format`. */
export const listFlags = {
  quiet: { short: "q", help: "Print the ids only" },
  "no-trunc": { help: "Print ids and names in full" },
  noheading: { help: "Leave the line of headings out" },
} as const satisfies FlagSpecs;

/** The flag by which a list is shown again and again. */
export const watchFlag = {
  watch: {
    short: "w",
    argument: "SECONDS",
    type: "number",
    minimum: 0.1,
    implied: 2,
    help: "Show the list again every SECONDS, 2 when left out, until Ctrl-C",
  },
} as const satisfies FlagSpecs;

/** The flags of `stop` and `pod stop`. */
export const stopFlags = {
  timeout: {
    short: "t",
    argument: "SECONDS",
    type: "number",
    minimum: 0,
    help: "How long a container may take before it is killed; 0 kills at once; else what it was made with, or 10",
  },
} as const satisfies FlagSpecs;

/** The flags of `start` and `restart`. */
export const startFlags = {
  force: { help: "Start also a container of a CRI-O that runs, which will not see that" },
} as const satisfies FlagSpecs;

/** The flags of `kill` and `pod kill`. */
export const signalFlags = {
  signal: {
    short: "s",
    argument: "SIGNAL",
    default: "KILL",
    help: "Signal to send, by name or number",
    completes: "signal",
  },
} as const satisfies FlagSpecs;

/** The flag `format` of `inspect` and `pod inspect`; each adds its own fields. */
export const inspectFormat = {
  short: "f",
  argument: "FORMAT",
  help: "Print json, or what a template makes of each: {{.Name}}",
} as const satisfies FlagSpec;

/** The flag of looks at one of several attempts of a container. */
export const attemptFlag = {
  attempt: {
    argument: "N",
    type: "integer",
    minimum: 0,
    help: "Of a container that was started anew, attempt N in place of the newest",
  },
} as const satisfies FlagSpecs;

/** The flag `filter` of commands that choose several containers, and have another flag of its letter. */
export const selectionFilter = {
  argument: "KEY=VALUE",
  repeatable: true,
  help: "Those that fit, by the filters of kpod ps (repeatable)",
  completes: {
    filters: {
      ancestor: "image",
      id: "container-id",
      label: "nothing",
      name: "container-name",
      namespace: "namespace",
      pod: "pod",
      volume: "file",
    },
  },
} as const satisfies FlagSpec;

/**
 * The flags by which commands choose several containers.
 * @param which those that the command can act on: `that run`
 */
export function selectionFlags(which: string, pods: "pod" | "ready-pod") {
  return {
    all: { short: "a", help: `All containers ${which}` },
    latest: { short: "l", help: `The container that was made last, of those ${which}` },
    pod: { argument: "POD", help: "The containers of this pod", completes: pods },
    label: { argument: "KEY[=VALUE]", repeatable: true, help: "Those that have this label (repeatable)" },
    filter: { short: "f", ...selectionFilter },
  } as const satisfies FlagSpecs;
}

/** The flag by which a new pod gets its runtime. */
export const handlerFlag = {
  "runtime-handler": {
    argument: "NAME",
    help: "Runtime of the new pod, by its name in [crio.runtime.runtimes]",
  },
} as const satisfies FlagSpecs;

/** The flags by which a command that is run in a container gets streams of its own. */
export const streamFlags = {
  interactive: { short: "i", help: "Hand on standard input" },
  tty: { short: "t", help: "Give the command a terminal: this one, with its size and its keys" },
} as const satisfies FlagSpecs;

/** The flag by which it gets another user than the container has. */
export const userFlag = {
  user: {
    short: "u",
    argument: "USER[:GROUP]",
    help: "Run it as this user, by the names of the container or by numbers",
  },
} as const satisfies FlagSpecs;

/** The flags by which commands give a process variables. */
export const environmentFlags = {
  env: { short: "e", argument: "KEY=VALUE", repeatable: true, help: "Environment variable (repeatable)" },
  "env-file": {
    argument: "FILE",
    repeatable: true,
    help: "File of variables, a KEY=VALUE a line (repeatable)",
    completes: "file",
  },
} as const satisfies FlagSpecs;
