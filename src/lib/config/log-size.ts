const decimalFactor = { k: 1e3, m: 1e6, g: 1e9, t: 1e12, p: 1e15 } as const;
const binaryFactor = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40, p: 2 ** 50 } as const;

const sizePattern = /^(?<number>\d+(?:\.\d+)?) ?(?:(?<unit>[kmgtp])(?<binary>i)?)?b?$/i;

/**
 * Reads a size that a person wrote, in bytes. Units count in thousands, as those of docker's `max-size` for
 * logs do (`8kB` = `8k` = 8000, `1g` = 1000000000), and in powers of 1024 when they have an `i` (`10MiB` =
 * 10485760). Case does not matter, one space may stand before the unit, and parts of a byte are dropped.
 * A negative integer (`"-1"`) stays as it is: it stands for no limit.
 * @returns undefined when the text is no size, or one beyond 2^53
 */
export function parseLogSize(text: string): number | undefined {
  const trimmed = text.trim();
  if (/^-\d+$/.test(trimmed)) return exact(Number(trimmed));
  const groups = sizePattern.exec(trimmed)?.groups;
  if (groups === undefined) return undefined;
  const factors = groups.binary === undefined ? decimalFactor : binaryFactor;
  const unit = groups.unit?.toLowerCase();
  return exact(Math.floor(Number(groups.number) * (isUnit(unit) ? factors[unit] : 1)));
}

function isUnit(unit: string | undefined): unit is keyof typeof decimalFactor {
  return unit !== undefined && Object.hasOwn(decimalFactor, unit);
}

function exact(size: number): number | undefined {
  return Number.isSafeInteger(size) ? size : undefined;
}
