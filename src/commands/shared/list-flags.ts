import type { FlagSpecs } from "../../shell/flags";

/** The flags that every command with a list for output takes, beside its own `format`. */
export const listFlags = {
  quiet: { short: "q", help: "Print the ids only" },
  "no-trunc": { help: "Print ids and names in full" },
  noheading: { help: "Leave the line of headings out" },
} as const satisfies FlagSpecs;

/** For commands that take none. */
export const noFlags = {} as const satisfies FlagSpecs;
