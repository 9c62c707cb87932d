/** What the letters behind a quantity of Kubernetes stand for. */
const factors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** Reads a quantity of Kubernetes (`250m`, `64Mi`, `1e3`, 2); undefined for what is none. */
export function readQuantity(value: unknown): number | undefined {
  const amount = typeof value === "string" ? amountIn(value) : value;
  return typeof amount === "number" && Number.isFinite(amount) && amount >= 0 ? amount : undefined;
}

function amountIn(text: string): number | undefined {
  const [, number, letters = ""] = /^\+?(\d+(?:\.\d*)?|\.\d+)([eE][+-]?\d+|[a-zA-Z]*)$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  if (/^[eE][+-]?\d/.test(letters)) return Number(`${number}${letters}`);
  const factor = Object.hasOwn(factors, letters) ? factors[letters] : undefined;
  return factor === undefined ? undefined : Number(number) * factor;
}

/** Processors as a quantity: `500m`, `2`. */
export function cpuQuantity(cpus: number): string {
  const thousandths = Math.round(cpus * 1000);
  return thousandths % 1000 === 0 ? String(thousandths / 1000) : `${thousandths}m`;
}

/** Bytes as a quantity, by the largest unit that leaves nothing over. */
export function byteQuantity(bytes: number): string {
  const units = ["Gi", "Mi", "Ki"] as const;
  const unit = units.find((name) => bytes >= (factors[name] ?? 1) && bytes % (factors[name] ?? 1) === 0);
  return unit === undefined ? String(bytes) : `${bytes / (factors[unit] ?? 1)}${unit}`;
}
