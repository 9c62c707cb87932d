/** How many characters of an id are shown: kpod 1.0.0's length. */
const shortLength = 13;

/** An id as it is printed: its first 13 characters, all of them with `--no-trunc`. */
export function displayId(id: string, options: { noTrunc?: boolean } = {}): string {
  return options.noTrunc === true ? id : id.slice(0, shortLength);
}
