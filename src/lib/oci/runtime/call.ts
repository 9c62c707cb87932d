/*
 * How a runtime is called: its options, its time limit, what it says when it fails.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { errorMessage, KpodError } from "../../errors";
import { callInWords, type Logger } from "../../logger";
import { programMessage } from "../../system/program-message";
import { giveUpProgram } from "../../system/process-identity";
import { requireCallable, type RuntimeHandler } from "./handler";

/** Milliseconds after which a runtime that does not answer is given up. */
const runtimeTimeLimit = 10_000;

/** How a runtime is called. */
export interface RuntimeCallOptions {
  /** Milliseconds that it has to answer. */
  readonly timeoutMs?: number | undefined;
  /** Is told of the call. */
  readonly logger?: Logger | undefined;
}

/**
 * Calls the runtime and hands back what it printed.
 * @param args the command and its arguments; options for all commands (`--root`) are put before
 * @throws KpodError RUNTIME_TIMEOUT when it does not end in time, RUNTIME_FAILED when it fails, both with what
 * the runtime said; UNSUPPORTED for a runtime of virtual machines
 */
export async function callRuntime(
  handler: RuntimeHandler,
  args: readonly string[],
  options: RuntimeCallOptions & { systemdCgroup?: boolean } = {},
): Promise<string> {
  requireCallable(handler);
  const { execa } = await import("execa");
  const timeout = options.timeoutMs ?? runtimeTimeLimit;
  // In a session of its own: Ctrl-C is for kpod and must not break a runtime off half way.
  const words = [...runtimeOptions(handler, options.systemdCgroup ?? false), ...args];
  options.logger?.debug(callInWords(handler.path, words));
  const child = execa(handler.path, words, {
    reject: false,
    stdin: "ignore",
    detached: true,
    // Runtimes fail in a directory that was removed, and so does node where it has to say which it is.
    cwd: "/",
  });
  const timer = new AbortController();
  const result = await Promise.race([child, sleep(timeout, undefined, { signal: timer.signal })]).finally(
    () => {
      timer.abort();
    },
  );
  if (result === undefined) {
    giveUpProgram(child);
    throw new KpodError(
      "RUNTIME_TIMEOUT",
      `${handler.path} ${args[0] ?? ""} did not answer within ${timeout / 1000} s`,
      { hint: "the runtime hangs: look at its processes" },
    );
  }
  if (result.failed) {
    const said = programMessage(result.stderr);
    const cause =
      said === "" ? errorMessage(result.originalMessage ?? `exit code ${result.exitCode ?? "?"}`) : said;
    throw new KpodError("RUNTIME_FAILED", `${handler.path} ${args[0] ?? ""} failed: ${cause}`);
  }
  return result.stdout;
}

/** The options that stand before every command of a runtime. */
export function runtimeOptions(handler: RuntimeHandler, systemdCgroup: boolean): string[] {
  return [
    ...(handler.root === "" ? [] : ["--root", handler.root]),
    ...(systemdCgroup ? ["--systemd-cgroup"] : []),
  ];
}
