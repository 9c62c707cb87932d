import { constants } from "node:os";
import { InterruptedError } from "./errors";

const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * A function that gives an AbortSignal for Ctrl-C, SIGTERM and SIGHUP. The signals are taken from node when
 * it is called first. A second one ends kpod at once, whatever it still does.
 */
export function createInterrupt(): () => AbortSignal {
  let controller: AbortController | undefined;
  return () => {
    if (controller !== undefined) return controller.signal;
    const created = new AbortController();
    controller = created;
    for (const name of names) {
      process.on(name, () => {
        const error = new InterruptedError(name, constants.signals[name]);
        if (created.signal.aborted) process.exit(error.exitCode);
        created.abort(error);
      });
    }
    return created.signal;
  };
}
