import { join } from "node:path";

/** Where it is noted what copies have mounted; there only while one is under way or was killed. */
export function copyNotes(runRoot: string): string {
  return join(runRoot, "kpod");
}
