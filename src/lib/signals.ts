import { constants } from "node:os";
import { KpodError } from "./errors";

// What the C library leaves to programs; the kernel's own range begins two lower.
const realTimeMinimum = 34;
const realTimeMaximum = 64;

/**
 * The number of a signal: a name with or without SIG in any case, `RTMIN+n`, `RTMAX-n`, or a number.
 * @throws KpodError BAD_ARGUMENT
 */
export function parseSignal(text: string): number {
  const name = text.trim().toUpperCase().replace(/^SIG/, "");
  const known = Object.entries(constants.signals).find(([key]) => key === `SIG${name}`)?.[1];
  if (known !== undefined) return known;
  const number = /^\d+$/.test(text) ? Number(text) : realTimeSignal(name);
  if (number !== undefined && number >= 1 && number <= realTimeMaximum) return number;
  throw new KpodError("BAD_ARGUMENT", `Invalid signal: ${text}`);
}

function realTimeSignal(name: string): number | undefined {
  const parts = /^RT(MIN|MAX)(?:([+-])(\d+))?$/.exec(name);
  if (parts === null) return undefined;
  const [, base, sign, offset = "0"] = parts;
  const number =
    (base === "MIN" ? realTimeMinimum : realTimeMaximum) + (sign === "-" ? -1 : 1) * Number(offset);
  return number >= realTimeMinimum ? number : undefined;
}
