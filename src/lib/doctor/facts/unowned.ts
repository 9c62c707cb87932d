import { lstatSync } from "node:fs";
import { errnoOf, KpodError } from "../../errors";
import { linkTarget, listOwnable, type Unowned } from "../../storage/unowned";
import { diskUsage } from "../../system/disk-usage";
import { usualAge, type Facts } from "../facts";
import { overlayHomes } from "./overlay";
import { storeContents } from "./store";

/** What no record has, and nobody is at work on. */
export async function unowned(facts: Facts): Promise<readonly Unowned[]> {
  const { store } = facts.server;
  const read = new Map(
    (await facts.get(overlayHomes)).flatMap(({ home, targets }) =>
      [...targets].map(([name, target]) => [`${home}/l/${name}`, target]),
    ),
  );
  const tell = listOwnable(store.layout, (path) => read.get(path) ?? linkTarget(path));
  const contents = await facts.get(storeContents);
  return tell(contents, facts.now, facts.options.minAgeMs ?? usualAge).filter(({ busy }) => !busy);
}

/** Bytes that something takes on the disk; 0 where it is not measured, or has just gone. */
export async function bytesOf({ options }: Facts, path: string): Promise<number> {
  if (options.quick) return 0;
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return 0;
    return stat.isDirectory() ? await diskUsage(path, {}) : stat.blocks * 512;
  } catch (error) {
    // What it takes is not what is wrong with it.
    if (error instanceof KpodError || errnoOf(error) !== undefined) return 0;
    throw error;
  }
}
