import type * as Koffi from "koffi";

/** Loads the native addon that calls functions of the C library, from where npm has put it. */
export function loadKoffi(): typeof Koffi {
  // Not by createRequire: node:module, which has it, loads node's loader of ES modules along.
  const load = (name: string): unknown => module.require(name);
  try {
    // Loading the addon itself takes a fifth of the time of loading koffi's package around it.
    const { arch } = process;
    return load(`@koromix/koffi-linux-${arch}/linux_${arch}/koffi.node`) as typeof Koffi;
  } catch {
    // Another C library or layout of the package: koffi's own loader knows where its addon is.
    return load("koffi") as typeof Koffi;
  }
}
