// Apart from what makes the bundles: this is loaded before the node packages are there.
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What a build writes into the sources. */
export function definitions(root) {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return { KPOD_VERSION: JSON.stringify(version) };
}
