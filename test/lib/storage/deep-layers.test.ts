import { mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { silentLogger } from "../../../src/lib/logger";
import { fileChanges } from "../../../src/lib/storage/change-runs";
import { compareLayers } from "../../../src/lib/storage/compare-layers";
import { tarLayers } from "../../../src/lib/storage/tar-tree";
import { testdir } from "../../helpers/testdir";

const levels = 400;
const nameAt = (level: number): string => "d/".repeat(level);

/** Two files at each level, one that a walk meets on its way down and one on its way back. */
function deepTree(): string {
  const top = testdir();
  mkdirSync(join(top, nameAt(levels)), { recursive: true });
  for (let level = 0; level <= levels; level++)
    for (const name of ["a", "z"]) writeFileSync(join(top, nameAt(level), name), `${level}`);
  return top;
}

/**
 * The names in an archive of a tree, as far as they are too long for a header, in their order.
 * @param onEntry is told how many entries were met
 */
async function namesOf(top: string, onEntry: (count: number) => void): Promise<string[]> {
  const chunks: Buffer[] = [];
  let count = 0;
  const owner = ({ uid, gid }: { uid: number; gid: number }) => {
    onEntry(++count);
    return { uid, gid };
  };
  const write = (bytes: Uint8Array): void => void chunks.push(Buffer.from(bytes));
  await tarLayers([top], write, { owner, logger: silentLogger });
  const found = Buffer.concat(chunks)
    .toString("latin1")
    .matchAll(/path=([^\n]*)\n/g);
  return [...found].map(([, name = ""]) => name);
}

test("a deep tree takes few descriptors, and all of it is found on the way back", async () => {
  const top = deepTree();
  const before = readdirSync("/proc/self/fd").length;
  let most = 0;
  const names = await namesOf(top, () => {
    most = Math.max(most, readdirSync("/proc/self/fd").length);
  });
  expect(most - before).toBeLessThan(levels / 2);
  for (const level of [100, 200, levels])
    for (const name of ["a", "z"]) expect(names).toContain(`${nameAt(level)}${name}`);
  const changes = fileChanges(await compareLayers([testdir()], [top]));
  expect(changes).toHaveLength(3 * levels + 2);
  expect(new Set(changes.map(({ kind }) => kind))).toEqual(new Set(["added"]));
  expect(readdirSync("/proc/self/fd")).toHaveLength(before);
});

test("the rest of a directory that is moved away from under a walk is passed over", async () => {
  const top = deepTree();
  const aside = testdir();
  const before = readdirSync("/proc/self/fd").length;
  const names = await namesOf(top, (count) => {
    // At the lowest level, as two entries are met at each one above.
    if (count === 2 * levels + 1) renameSync(join(top, nameAt(200)), join(aside, "d"));
  });
  expect(names).toContain(`${nameAt(levels)}z`);
  expect(names).toContain(`${nameAt(201)}z`);
  expect(names).not.toContain(`${nameAt(150)}z`);
  expect(readdirSync("/proc/self/fd")).toHaveLength(before);
});
