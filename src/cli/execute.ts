import { ExitCode } from "./exit-code";
import { report } from "./report";
import type { Terminal } from "./terminal";
import { versionLine } from "./version";

/** The program behind the fast paths: from the words after `kpod` to an exit code. */
export type Program = (argv: readonly string[], terminal: Terminal) => Promise<number>;

/**
 * From the words after `kpod` to an exit code. The version is printed without loading the program; whatever
 * is thrown is reported, and nothing escapes.
 */
export async function execute(
  argv: readonly string[],
  terminal: Terminal,
  loadProgram: () => Promise<Program>,
): Promise<number> {
  try {
    if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-v")) {
      terminal.out(versionLine);
      return ExitCode.success;
    }
    const program = await loadProgram();
    return await program(argv, terminal);
  } catch (error) {
    return report(error, terminal, argv);
  }
}
