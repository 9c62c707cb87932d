import { isIP } from "node:net";

/** An IP address as a number. */
export interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
}

const bits = { 4: 32n, 6: 128n } as const;

/** Reads an address; undefined for what is none. */
export function parseAddress(text: string): Address | undefined {
  const family = isIP(text);
  if (family === 4) return { family, value: numberOf(text.split(".").map(Number), 8n) };
  if (family !== 6 || text.includes("%")) return undefined;
  // So written, its last 32 bits are no IPv4 address.
  const [head = "", tail] = canonical(text).split("::");
  const groups = (part: string): string[] => (part === "" ? [] : part.split(":"));
  const [first, rest] = [groups(head), groups(tail ?? "")];
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - first.length - rest.length }, () => "0");
  return {
    family,
    value: numberOf(
      [...first, ...zeros, ...rest].map((group) => parseInt(group, 16)),
      16n,
    ),
  };
}

function numberOf(parts: readonly number[], width: bigint): bigint {
  return parts.reduce((value, part) => (value << width) | BigInt(part), 0n);
}

/** The text of an address. */
export function addressText({ family, value }: Address): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join(".");
  const groups = Array.from({ length: 8 }, (_, at) =>
    ((value >> BigInt(112 - 16 * at)) & 0xffffn).toString(16),
  );
  return canonical(groups.join(":"));
}

/** An IPv6 address as RFC 5952 has it, with nothing but groups. */
function canonical(text: string): string {
  return new URL(`http://[${text}]/`).hostname.slice(1, -1);
}

/** True for one address that is written in two ways. */
export function isSameAddress(a: string, b: string): boolean {
  const [one, other] = [parseAddress(a), parseAddress(b)];
  if (one === undefined || other === undefined) return a === b;
  return one.family === other.family && one.value === other.value;
}

/** A network as a number, and the length of its prefix. */
export interface Subnet extends Address {
  readonly length: number;
}

/** Reads `10.85.0.0/16`; undefined for what is no subnet. What stands behind the prefix counts for nothing. */
export function parseSubnet(text: string): Subnet | undefined {
  const [, word = "", digits = ""] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const address = parseAddress(word);
  const length = Number(digits);
  if (address === undefined || BigInt(length) > bits[address.family]) return undefined;
  const host = bits[address.family] - BigInt(length);
  return { family: address.family, value: (address.value >> host) << host, length };
}

/** How many addresses a subnet has, those that name the whole of it among them. */
export function sizeOf({ family, length }: Subnet): bigint {
  return 1n << (bits[family] - BigInt(length));
}
