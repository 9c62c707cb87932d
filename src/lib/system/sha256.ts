import type * as Crypto from "node:crypto";

let loaded: typeof Crypto | undefined;

/** The SHA-256 digest of a text, or of bytes. What makes it is loaded when one is asked for: that takes as long as a whole look at a small node. */
export function sha256(text: string | Uint8Array): Buffer {
  loaded ??= load();
  return loaded.createHash("sha256").update(text).digest();
}

function load(): typeof Crypto {
  const name = "node:crypto";
  if (process.versions.bun === undefined) return module.require(name) as typeof Crypto;
  // Node has it since 20.16 alone, and the types that kpod is built with do not know it.
  const { getBuiltinModule } = process as unknown as { getBuiltinModule: (name: string) => unknown };
  return getBuiltinModule(name) as typeof Crypto;
}
