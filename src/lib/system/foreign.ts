import type * as Koffi from "koffi";

/** A function of the C library: numbers, texts (`const char *`) and bytes (`void *`) in, a number out. */
export type ForeignFunction = (...args: readonly (number | string | Uint8Array | null)[]) => number;

/** What calls the C library, whichever engine runs kpod. */
export interface Foreign {
  /** Makes a function of its C prototype: `int close(int fd)`. */
  readonly function: (prototype: string) => ForeignFunction;
  /** The errno of the last call that returned -1. */
  readonly errno: () => number;
}

/** By the engine's own means in the executable, by a native addon in node. */
export function loadForeign(): Foreign {
  return process.versions.bun === undefined ? byKoffi(loadKoffi()) : byBun(loadBun());
}

/** Loads the native addon from where npm has put it. */
function loadKoffi(): typeof Koffi {
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

function byKoffi(koffi: typeof Koffi): Foreign {
  const library = koffi.load(null);
  let errno = 0;
  return {
    function: (prototype) => {
      const call = library.func(prototype) as Koffi.KoffiFunc<(...args: unknown[]) => unknown>;
      return (...args) => {
        const result = Number(call(...args));
        // At once: whatever the engine does next may set it, too.
        if (result === -1) errno = koffi.errno();
        return result;
      };
    },
    errno: () => errno,
  };
}

/** The part of Bun's own `bun:ffi` that is called. */
interface BunFfi {
  readonly dlopen: (
    library: string,
    symbols: Readonly<Record<string, Omit<Prototype, "name">>>,
  ) => { symbols: Readonly<Record<string, (...args: unknown[]) => unknown>> };
  readonly read: { readonly i32: (pointer: unknown, offset: number) => number };
}

function loadBun(): BunFfi {
  // The types of node do not know it.
  const { getBuiltinModule } = process as unknown as { getBuiltinModule: (name: string) => unknown };
  return getBuiltinModule("bun:ffi") as BunFfi;
}

const bunTypes: Readonly<Record<string, string>> = {
  int: "i32",
  "unsigned int": "u32",
  long: "i64_fast",
  "unsigned long": "u64_fast",
  "const char *": "ptr",
  "void *": "ptr",
  "const void *": "ptr",
  void: "void",
};

function byBun({ dlopen, read }: BunFfi): Foreign {
  const load = (name: string, args: readonly string[], returns: string) => {
    const made = dlopen("libc.so.6", { [name]: { args, returns } }).symbols[name];
    if (made === undefined) throw new Error(`the C library has no ${name}`);
    return made;
  };
  // kpod calls from its main thread alone, whose errno stays where it is.
  const place = load("__errno_location", [], "ptr")();
  let errno = 0;
  return {
    function: (prototype) => {
      const { name, args, returns } = readPrototype(prototype);
      const call = load(name, args, returns);
      return (...values) => {
        const result = Number(call(...values.map(toPointer)));
        // At once: whatever the engine does next may set it, too.
        if (result === -1) errno = read.i32(place, 0);
        return result;
      };
    },
    errno: () => errno,
  };
}

/** A text as C has it. The others are numbers, or bytes that the engine hands on by their address. */
function toPointer(value: number | string | Uint8Array | null): number | Uint8Array | null {
  return typeof value === "string" ? Buffer.from(`${value}\0`) : value;
}

interface Prototype {
  readonly name: string;
  readonly args: readonly string[];
  readonly returns: string;
}

/**
 * Takes apart `int open(const char *path, int flags)`, with the engine's names of the types.
 * @throws Error for a type that is none of those above
 */
export function readPrototype(prototype: string): Prototype {
  const [, returns = "", name = "", list = ""] = /^(.*?)(\w+)\((.*)\)$/.exec(prototype) ?? [];
  const args = list === "void" ? [] : list.split(", ").map((argument) => argument.replace(/\w+$/, ""));
  return { name, args: args.map(bunType), returns: bunType(returns) };
}

function bunType(type: string): string {
  const known = bunTypes[type.trim()];
  if (known === undefined) throw new Error(`no type of C's: ${type}`);
  return known;
}
