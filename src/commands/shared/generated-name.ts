import { randomBytes } from "../../lib/system/random";

/** A name for a pod or container to which the user gave none. */
export function generatedName(stem: string): string {
  const base = stem.toLowerCase().replace(/[^a-z0-9.-]+/g, "-");
  return `${/^[a-z0-9]/.test(base) ? base : "image"}-${randomBytes(3).toString("hex")}`;
}
