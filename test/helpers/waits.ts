/** What a kpod says, and truly, where others are at work in the same store and the machine is busy. */
const waits: readonly RegExp[] = [
  /^Warning: waiting for \S+, locked by .+$/,
  /^Warning: \S+ is still locked by .+ after 1 s: reading without it$/,
];

/** What a kpod said on stderr, without the lines that tell of locks which others held for a moment. */
export function withoutWaits(stderr: string): string {
  return stderr
    .split("\n")
    .filter((line) => !waits.some((wait) => wait.test(line)))
    .join("\n");
}
