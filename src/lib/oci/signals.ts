import { KpodError } from "../errors";

// What the C library leaves to programs; the kernel's own range begins two lower.
const realTimeMinimum = 34;
const realTimeMaximum = 64;

/** The signals of Linux by their names without SIG, and second names, as docker and CRI-O know them (moby's table). */
const numbers: Readonly<Record<string, number>> = {
  ...{
    HUP: 1,
    INT: 2,
    QUIT: 3,
    ILL: 4,
    TRAP: 5,
    ABRT: 6,
    IOT: 6,
    BUS: 7,
    FPE: 8,
    KILL: 9,
    USR1: 10,
    SEGV: 11,
  },
  ...{ USR2: 12, PIPE: 13, ALRM: 14, TERM: 15, STKFLT: 16, CHLD: 17, CLD: 17, CONT: 18, STOP: 19, TSTP: 20 },
  ...{ TTIN: 21, TTOU: 22, URG: 23, XCPU: 24, XFSZ: 25, VTALRM: 26, PROF: 27, WINCH: 28, IO: 29, POLL: 29 },
  ...{ PWR: 30, SYS: 31, UNUSED: 31 },
};

/**
 * The number of a signal: a name with or without SIG in any case, `RTMIN+n`, `RTMAX-n`, or a number.
 * @throws KpodError BAD_ARGUMENT
 */
export function parseSignal(text: string): number {
  const name = text.trim().toUpperCase().replace(/^SIG/, "");
  if (Object.hasOwn(numbers, name)) return numbers[name] ?? 0;
  const number = /^\d+$/.test(text.trim()) ? Number(text) : realTimeSignal(name);
  if (number !== undefined && number >= 1 && number <= realTimeMaximum) return number;
  throw new KpodError("BAD_ARGUMENT", `Invalid signal: ${text}`);
}

/** The name of a signal without SIG; undefined for one that has none. */
export function signalName(number: number): string | undefined {
  return Object.keys(numbers).find((name) => numbers[name] === number);
}

function realTimeSignal(name: string): number | undefined {
  const parts = /^RT(MIN|MAX)(?:([+-])(\d+))?$/.exec(name);
  if (parts === null) return undefined;
  const [, base, sign, offset = "0"] = parts;
  const number =
    (base === "MIN" ? realTimeMinimum : realTimeMaximum) + (sign === "-" ? -1 : 1) * Number(offset);
  return number >= realTimeMinimum ? number : undefined;
}
