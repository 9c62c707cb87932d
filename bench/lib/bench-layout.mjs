// Where the benchmark keeps its worlds: all below one directory, so that nothing else of the machine is touched.
import { join } from "node:path";
import { nodeLayout } from "../../scripts/lib/layout.mjs";

export const BENCH_DIRECTORY = process.env.KPOD_BENCH_DIR || "/var/tmp/kpod-bench";

/** The layout of one world of the benchmark. */
export function benchLayout(name) {
  return nodeLayout(join(BENCH_DIRECTORY, name), `/kpod-bench-${name}`);
}
