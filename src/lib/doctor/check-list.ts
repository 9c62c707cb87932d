// Made by `npm run docs` from the files of src/lib/doctor/checks: changes here get lost.
import type { Check } from "./check";
import { check as layerUnknown } from "./checks/layer-unknown";
import { check as linkLost } from "./checks/link-lost";
import { check as unfinished } from "./checks/unfinished";

/** All checks, in the order in which they are made. */
export const checks: readonly Check[] = [
  layerUnknown,
  linkLost,
  unfinished,
].sort((a, b) => a.rank - b.rank);
