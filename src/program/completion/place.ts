import type { Command } from "../command";
import type { Completes } from "../../shell/completes";
import type { FlagSpec, FlagSpecs } from "../../shell/flags";
import { globalFlags } from "../../shell/global-flags";

/**
 * What completes a place of the command line, by the list of commands.
 *
 * @param place as in CompletionRequest
 * @returns "nothing" for a place that there is not
 */
export function completesAt(commands: readonly Command[], place: readonly string[]): Completes {
  const flagAt = place.findIndex((word) => word.startsWith("-"));
  const path = flagAt < 0 ? place : place.slice(0, flagAt);
  const command = commands.find((candidate) => candidate.path.join(" ") === path.join(" "));
  if (command === undefined) return "nothing";
  if (flagAt < 0) return command.arguments.completes?.[0] ?? "nothing";
  const [flag = "", key] = place.slice(flagAt);
  const completes = flagNamed({ ...globalFlags, ...command.flags }, flag)?.completes ?? "nothing";
  if (typeof completes !== "object" || !("filters" in completes)) return completes;
  return (key === undefined ? undefined : ownValue(completes.filters, key)) ?? "nothing";
}

function flagNamed(specs: FlagSpecs, flag: string): FlagSpec | undefined {
  return ownValue(specs, flag.replace(/^--/, ""));
}

function ownValue<V>(values: Readonly<Record<string, V>>, key: string): V | undefined {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}
