import { lstatSync } from "node:fs";
import { errnoOf, KpodError } from "../../errors";
import { listOwnable, type Unowned } from "../../storage/unowned";
import { diskUsage } from "../../system/disk-usage";
import { usualAge, type Facts } from "../facts";
import { storeContents } from "./store";

/** What no record has, and nobody is at work on. */
export async function unowned(facts: Facts): Promise<readonly Unowned[]> {
  const { store } = facts.server;
  const tell = listOwnable(store.layout);
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
