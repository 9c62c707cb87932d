import { printed } from "./format-value";
import type { Budget } from "./limits";

/** Go's Sprint: a space between two values of which neither is a text. */
export function sprint(args: readonly unknown[], budget: Budget): string {
  return args
    .map((arg, index) => {
      const apart = index > 0 && typeof arg !== "string" && typeof args[index - 1] !== "string";
      return (apart ? " " : "") + printedArgument(arg, budget);
    })
    .join("");
}

/** Go's Sprintln: spaces between all values, and a line feed. */
export function sprintln(args: readonly unknown[], budget: Budget): string {
  return `${args.map((arg) => printedArgument(arg, budget)).join(" ")}\n`;
}

/** What a map lacks is nil to a function. */
function printedArgument(arg: unknown, budget: Budget): string {
  return printed(arg ?? null, budget);
}
