import { loadColors, plainColors, type Colors } from "../../shell/colors";
import type { Terminal } from "../../shell/terminal";
import type { ContainerState } from "../../lib/oci/state/container-state";
import type { SandboxState } from "../../lib/sandbox/sandbox";
import type { Cell } from "../../format/table";

/** How the tables of lists are drawn. */
export interface TableStyle {
  readonly colors: Colors;
  /** The characters of a line, at this moment; undefined where nothing is cut. */
  readonly width: () => number | undefined;
}

/** Tables as the terminal can show them: coloured where it has colours, cut where it has an end. */
export async function openTableStyle(
  terminal: Terminal,
  { noTrunc }: { readonly noTrunc: boolean },
): Promise<TableStyle> {
  const colors = await loadColors(terminal.color);
  return { colors, width: () => (noTrunc ? undefined : terminal.columns) };
}

/** The state of a container in words, in its colour: what runs, what stands still, what failed, what nobody knows. */
export function statusCell(text: string, state: ContainerState | undefined, colors: Colors): Cell {
  if (colors === plainColors) return text;
  switch (state?.status) {
    case "running":
      return { text, paint: colors.green };
    case "paused":
      return { text, paint: colors.yellow };
    case "creating":
    case "created":
      return text;
    case "stopped":
      return state.exitCode === 0 ? text : { text, paint: colors.red };
    default:
      return { text, paint: colors.magenta };
  }
}

/** The state of a pod in its colour. */
export function podStateCell(state: SandboxState, colors: Colors): Cell {
  return { text: state, paint: state === "Ready" ? colors.green : colors.yellow };
}
