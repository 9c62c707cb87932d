import { InterruptedError } from "./errors";

// Their numbers are the same on every Linux; node:os, which knows them, would have to be loaded.
const signals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
const names = ["SIGHUP", "SIGINT", "SIGTERM"] as const;

/** What else is meant for a container in the foreground, and ends who does not know what to do with it. */
const handedOn = ["SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM"] as const;

/** Milliseconds in which the same signal again asks nothing new: timeout(1) sends it to its child, and then to its group. */
const sameRequestMs = 200;

/** What kpod makes of the signals that ask it to end. */
export interface Interrupt {
  /** Aborted by the first of them. The signals are taken from node when this is called first. */
  readonly signal: () => AbortSignal;
  /**
   * Waits for some work as long as nobody asks to end: a runtime that hangs must not keep Ctrl-C waiting. As long as
   * the signals were not taken from node, they end kpod by themselves, and a look spares that.
   * @throws InterruptedError
   */
  readonly unlessInterrupted: <T>(work: Promise<T>) => Promise<T>;
  /**
   * Hands the signals to somebody else instead, for as long as a container runs in the foreground, and others with them
   * that would end kpod.
   * @returns gives them back
   */
  readonly intercept: (handler: (name: NodeJS.Signals) => void) => () => void;
}

/** Listens to Ctrl-C, SIGTERM and SIGHUP. Who asks a second time ends kpod at once, whatever it still does. */
export function createInterrupt(): Interrupt {
  let controller: AbortController | undefined;
  let interceptor: ((name: NodeJS.Signals) => void) | undefined;
  const waiting = new Set<(error: InterruptedError) => void>();

  const listen = (): AbortController => {
    if (controller !== undefined) return controller;
    const created = new AbortController();
    let first: { name: string; at: number } | undefined;
    for (const name of names) {
      process.on(name, () => {
        if (interceptor !== undefined) {
          interceptor(name);
          return;
        }
        const error = new InterruptedError(name, signals[name]);
        const at = performance.now();
        if (first?.name === name && at - first.at < sameRequestMs) return;
        if (first !== undefined) process.exit(error.exitCode);
        first = { name, at };
        created.abort(error);
        for (const reject of waiting) reject(error);
      });
    }
    controller = created;
    return created;
  };

  return {
    signal: () => listen().signal,
    unlessInterrupted: async (work) => {
      controller?.signal.throwIfAborted();
      return new Promise((resolve, reject) => {
        waiting.add(reject);
        work.then(resolve, reject).finally(() => waiting.delete(reject));
      });
    },
    intercept: (handler) => {
      listen();
      interceptor = handler;
      for (const name of handedOn) process.on(name, handler);
      return () => {
        interceptor = undefined;
        for (const name of handedOn) process.off(name, handler);
      };
    },
  };
}
