// Runs programs for the scripts of this directory.
import { spawn } from "node:child_process";

/** The environment for node programs: NODE_EXTRA_CA_CERTS slows every start of node, and they need no network. */
export function leanEnvironment(extra = {}) {
  const environment = { ...process.env, ...extra };
  delete environment.NODE_EXTRA_CA_CERTS;
  return environment;
}

/**
 * Runs a program to its end; resolves to { code, output } with stdout and stderr as they came, or nothing of them
 * where `stdio` is "inherit". Rejects only when it cannot be started.
 */
export function runProgram(program, args, { stdio = "pipe", ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...options,
      stdio: stdio === "pipe" ? ["ignore", "pipe", "pipe"] : stdio,
    });
    const chunks = [];
    child.stdout?.on("data", (chunk) => chunks.push(chunk));
    child.stderr?.on("data", (chunk) => chunks.push(chunk));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      resolve({ code: code ?? 128, signal, output: chunks.map(String).join("") });
    });
  });
}

/** An error that a script ends with: its message is all that the user needs to see. */
export class ScriptError extends Error {}

/** Runs a script's main function; a ScriptError becomes one line and exit code 1. */
export async function runMain(main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    console.error(`Error: ${error.message}`);
    process.exitCode = 1;
  }
}
