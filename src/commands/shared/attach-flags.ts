import type { FlagSpecs } from "../../shell/flags";

/** The flags of commands that have the streams of a container here. */
export const attachFlags = {
  "detach-keys": {
    argument: "KEYS",
    default: "ctrl-p,ctrl-q",
    help: "Keys by which to leave it, with commas between; none where empty",
  },
  "sig-proxy": { default: true, help: "Hand on signals to it" },
} as const satisfies FlagSpecs;
