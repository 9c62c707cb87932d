import { KpodError } from "../../lib/errors";
import { parseUserNamespace, type UserNamespaceRequest } from "../../lib/launch/user-range";
import { UsageError } from "../../shell/errors";
import type { FlagSpecs } from "../../shell/flags";

/** The flag of `pod run` for the users of the pod. */
export const usernsFlag = {
  userns: {
    argument: "MODE",
    help: "Users: host, those of the node; auto[:size=N], some of its own; or which, as INSIDE:NODE:SIZE with commas between",
    completes: { words: ["auto", "host"] },
  },
} as const satisfies FlagSpecs;

/**
 * What user namespace a new pod is to have; undefined for that of the node.
 * @throws UsageError
 */
export function readUserns(mode: string | undefined): UserNamespaceRequest | undefined {
  if (mode === undefined || mode === "host") return undefined;
  try {
    const request = parseUserNamespace(mode);
    if (request !== undefined) return request;
  } catch (error) {
    if (error instanceof KpodError) throw new UsageError(`option --userns: ${error.message}`);
    throw error;
  }
  throw new UsageError(
    `option --userns: ${JSON.stringify(mode)} is neither host nor auto, nor users like 0:200000:65536`,
  );
}
