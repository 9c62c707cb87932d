/** Bytes that come in pieces, taken in pieces of another size. */
export class ByteStream {
  private readonly chunks: AsyncIterator<Uint8Array>;
  private rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.chunks = chunks[Symbol.asyncIterator]();
  }

  /** As many bytes; fewer at the end, and undefined after it. */
  async read(length: number): Promise<Buffer | undefined> {
    if (length === 0) return Buffer.alloc(0);
    const first = await this.some(length);
    if (first === undefined || first.length === length) return first;
    const parts = [first];
    for (let missing = length - first.length; missing > 0;) {
      const more = await this.some(missing);
      if (more === undefined) break;
      parts.push(more);
      missing -= more.length;
    }
    return Buffer.concat(parts);
  }

  /** What there is, at least one byte and at most as many; undefined after the end. */
  async some(most: number): Promise<Buffer | undefined> {
    while (this.rest.length === 0) {
      const next = await this.chunks.next();
      if (next.done === true) return undefined;
      this.rest = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    }
    const taken = this.rest.subarray(0, most);
    this.rest = this.rest.subarray(taken.length);
    return taken;
  }

  /** Passes over as many bytes. @returns how many there were */
  async skip(length: number): Promise<number> {
    let left = length;
    while (left > 0) {
      const bytes = await this.some(left);
      if (bytes === undefined) break;
      left -= bytes.length;
    }
    return length - left;
  }
}
