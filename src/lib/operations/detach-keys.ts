/** What is to be done with some of the input. */
export interface WatchedInput {
  /** What of it goes on to the container. */
  readonly passed: Buffer;
  /** True when the keys were all there; what came after them is nobody's. */
  readonly left: boolean;
}

/**
 * Watches an input for a sequence of keys by which somebody leaves. What could be its beginning is held back until the next
 * key.
 * @param keys the bytes of the keys; none for an input that cannot be left
 */
export function watchForKeys(keys: Uint8Array): (input: Uint8Array) => WatchedInput {
  if (keys.length === 0) return (input) => ({ passed: bufferOf(input), left: false });
  const wanted = Buffer.from(keys);
  let held = Buffer.alloc(0);
  return (input) => {
    const all = held.length === 0 ? bufferOf(input) : Buffer.concat([held, input]);
    const at = all.indexOf(wanted);
    if (at !== -1) return { passed: all.subarray(0, at), left: true };
    const passed = all.subarray(0, all.length - begunAtEnd(all, wanted));
    // The input lies in a buffer that is used again.
    held = Buffer.from(all.subarray(passed.length));
    return { passed, left: false };
  };
}

/** How many of the last bytes are the first ones of the sequence. */
function begunAtEnd(bytes: Buffer, wanted: Buffer): number {
  for (let length = Math.min(bytes.length, wanted.length - 1); length > 0; length--) {
    if (bytes.subarray(bytes.length - length).equals(wanted.subarray(0, length))) return length;
  }
  return 0;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
