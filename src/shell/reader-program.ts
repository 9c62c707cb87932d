/**
 * Where the build has put `src/reader.ts`: within the executable, or beside what Node runs. Undefined where it is out of
 * reach.
 * @param leavesRoot true where the root directory has become another one
 */
export function readerProgram(leavesRoot: boolean): string | undefined {
  if (process.versions.bun !== undefined) return "/$bunfs/root/reader.js";
  return leavesRoot ? undefined : `${module.path}/reader.cjs`;
}
