import { once } from "node:events";
import { join } from "node:path";
import { finish, startProcess } from "./process";

/** A process that swaps the directories in one directory for links to another, again and again. */
export interface Swapper {
  /** Ends it, and waits until nothing changes any more. */
  end(): Promise<void>;
}

/** Starts a {@link Swapper}; it is at work when this returns. */
export async function startSwapper(directory: string, outside: string): Promise<Swapper> {
  const child = startProcess(process.execPath, [join(__dirname, "swap-process.cjs"), directory, outside]);
  const [word] = (await once(child.stdout, "data")) as [Buffer];
  if (word.toString() !== "ready\n") throw new Error(`the swapper said ${word.toString()}`);
  return {
    end: async () => {
      const { exitCode, stderr } = await finish(child, "the swapper");
      if (exitCode !== 0) throw new Error(`the swapper failed: ${stderr}`);
    },
  };
}
