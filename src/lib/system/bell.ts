/** Rung by whoever sees a change, heard by the one who waits for it. */
export interface Bell {
  readonly ring: () => void;
  /** Waits until it rings, or has rung since it was last asked. @returns false when the milliseconds had passed before */
  readonly rung: (withinMs?: number) => Promise<boolean>;
}

/** Makes a bell for one who waits. */
export function createBell(): Bell {
  let pending = false;
  let wake: (() => void) | undefined;
  return {
    ring: () => {
      pending = true;
      wake?.();
    },
    rung: async (withinMs) => {
      if (!pending) {
        let timer: NodeJS.Timeout | undefined;
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (withinMs !== undefined) timer = setTimeout(resolve, withinMs);
        });
        clearTimeout(timer);
      }
      const rang = pending;
      pending = false;
      return rang;
    },
  };
}
