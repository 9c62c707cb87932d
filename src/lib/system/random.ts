/** Random bytes, by what is always there: node:crypto takes longer to load than most commands. */
export function randomBytes(count: number): Buffer {
  const bytes = Buffer.alloc(count);
  crypto.getRandomValues(bytes);
  return bytes;
}
