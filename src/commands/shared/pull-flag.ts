import type { LaunchPull } from "../../lib";
import type { BaseContext } from "../../shell/context";
import type { FlagSpecs } from "../../shell/flags";
import { transferProgress } from "./registry-flags";

/** The flag of commands that launch an image. */
export const pullFlag = {
  pull: {
    argument: "WHEN",
    choices: ["always", "missing", "never"],
    default: "missing",
    help: "When to pull the image: always, missing (not in the store) or never",
  },
} as const satisfies FlagSpecs;

/** What it says, with the progress on standard error. */
export function launchPull(context: BaseContext, when: LaunchPull["when"]): LaunchPull {
  return { when, progress: transferProgress(context, false) };
}
