import type { CopyPlace } from "../../lib/operations/copy";
import { UsageError } from "../../shell/errors";

/**
 * Reads an argument: `CONTAINER:PATH`, a path of the node, or `-` for an archive. A path of the node that has a colon begins
 * with `/` or `.`.
 * @throws UsageError where a part is missing
 */
export function readPlace(argument: string): CopyPlace | "-" {
  if (argument === "-") return "-";
  if (argument === "") throw new UsageError("an empty path names nothing");
  const colon = argument.indexOf(":");
  if (colon === -1 || argument.startsWith("/") || argument.startsWith(".")) return { path: argument };
  const [container, path] = [argument.slice(0, colon), argument.slice(colon + 1)];
  if (container === "")
    throw new UsageError(`${argument}: name a container before the colon, or begin with ./`);
  if (path === "") throw new UsageError(`${argument}: name a path after the colon, / for all`);
  return { container, path };
}
