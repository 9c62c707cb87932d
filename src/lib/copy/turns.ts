import { setImmediate as nextTurn } from "node:timers/promises";
import { throwIfInterrupted } from "../errors";

/** Steps (entries, pieces of files) between two looks at Ctrl-C. */
const atOnce = 64;

/** Lets the rest of the process have its turn, now and then. */
export class Turns {
  private steps = 0;

  /** @param signal ends the work */
  constructor(private readonly signal: AbortSignal | undefined) {}

  /** @throws KpodError INTERRUPTED */
  step(): Promise<void> | undefined {
    return ++this.steps % atOnce === 0 ? this.pause() : undefined;
  }

  private async pause(): Promise<void> {
    await nextTurn();
    throwIfInterrupted(this.signal, "copying");
  }
}
