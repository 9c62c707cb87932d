/** The part of the executable's engine that is asked here. */
interface Engine {
  readonly unsafe: { readonly setJITPolicy: (scale: number) => void };
}

/**
 * Says that there is a lot to be done. The executable is built to make no machine code of what most commands run once;
 * where a gigabyte is read, it pays.
 */
export function expectMuchWork(): void {
  const { Bun: engine } = globalThis as { Bun?: Engine };
  engine?.unsafe.setJITPolicy(1);
}
