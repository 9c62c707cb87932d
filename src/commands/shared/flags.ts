import type { FlagSpec, FlagSpecs } from "../../shell/flags";

/** The flags that every command with a list for output takes, beside its own `format`. */
export const listFlags = {
  quiet: { short: "q", help: "Print the ids only" },
  "no-trunc": { help: "Print ids and names in full" },
  noheading: { help: "Leave the line of headings out" },
} as const satisfies FlagSpecs;

/** The flags of `stop` and `pod stop`. */
export const stopFlags = {
  timeout: {
    short: "t",
    argument: "SECONDS",
    type: "number",
    minimum: 0,
    default: 10,
    help: "How long a container may take before it is killed; 0 kills at once",
  },
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
