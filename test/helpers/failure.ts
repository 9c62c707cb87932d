import { KpodError } from "../../src/lib/errors";

/**
 * The KpodError that something fails with, to look at its code, message and hint.
 * @throws Error when it does not fail, and what it failed with when that is no KpodError
 */
export async function failureOf(action: Promise<unknown> | (() => unknown)): Promise<KpodError> {
  try {
    await (typeof action === "function" ? action() : action);
  } catch (error) {
    if (error instanceof KpodError) return error;
    throw error;
  }
  throw new Error("it did not fail");
}
