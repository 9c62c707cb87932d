import type { Command } from "../../command";
import { bashScript } from "./bash";
import { fishScript } from "./fish";
import { completionModel } from "./script-model";
import { zshScript } from "./zsh";

/** The shells that there are scripts for. */
export const shells = ["bash", "zsh", "fish"] as const;

/** A shell that there is a script for. */
export type Shell = (typeof shells)[number];

/** The script that completes command lines of these commands in a shell. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  const model = completionModel(commands);
  switch (shell) {
    case "bash":
      return bashScript(model);
    case "zsh":
      return zshScript(model);
    case "fish":
      return fishScript(model);
  }
}
