import { KpodError } from "../errors";
import type { Logger } from "../logger";
import { findExecutable } from "../system/executable";
import { isRecord, parseJson } from "../system/files";
import { askProgram, firstLine, type ProgramResult } from "../system/ask-program";
import { sha256 } from "../system/sha256";

/** The tables of nftables in which ports of the host are led to pods: that of CNI's portmap, and CRI-O's own. */
const tables = ["cni_hostport", "crio-hostports"] as const;
const families = ["ip", "ip6"] as const;

/** A rule, or an element of a map or set, of such a table. */
export type NftEntry =
  | { readonly chain: string; readonly handle: number }
  /** Its key, in the words of nft. */
  | { readonly set: string; readonly key: readonly string[] };

/** What is deleted of a table: what bears this comment. */
export interface NftTarget {
  readonly family: (typeof families)[number];
  readonly table: (typeof tables)[number];
  readonly comment: string;
  readonly entries: readonly NftEntry[];
}

/** What of nftables leads ports of the host to one pod. */
export interface NftPorts extends NftTarget {
  readonly ports: readonly string[];
  /** Those to which the ports lead. */
  readonly addresses: readonly string[];
}

/**
 * What leads ports of the host to pods in nftables, by the comment that names the pod. None where there is no nft: then
 * nobody has made rules by it.
 * @throws KpodError IO where they cannot be read
 */
export async function readNftPorts(logger: Logger): Promise<NftPorts[]> {
  const path = findExecutable("", "nft");
  if (path === undefined) return [];
  const result = await callNft(path, ["-j", "list", "tables"], logger);
  // A kernel without nftables has no rules of it.
  if (result.failed && /not supported/i.test(result.stderr)) return [];
  const listed = listedIn(outputOf(result, "-j list tables"), "table");
  const found: NftPorts[] = [];
  for (const family of families) {
    for (const table of tables) {
      if (!listed.some((each) => each.family === family && each.name === table)) continue;
      found.push(...(await readTable(path, { family, table }, logger)));
    }
  }
  return found;
}

/** The comment by which CRI-O marks what belongs to a pod. See `hashSandboxID` in its internal/hostport/hostport_nftables.go. */
export function nftCommentOf(sandboxId: string): string {
  const digest = sha256(sandboxId);
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  // Ten bytes are sixteen letters of five bits each.
  let value = digest.subarray(0, 10).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  let text = "";
  for (let count = 0; count < 16; count++, value >>= 5n) text = (letters[Number(value & 31n)] ?? "") + text;
  return text;
}

type Place = Pick<NftTarget, "family" | "table">;

async function readTable(path: string, { family, table }: Place, logger: Logger): Promise<NftPorts[]> {
  const text = await nft(path, ["-j", "list", "table", family, table], logger);
  const found = new Map<string, NftPorts>();
  const add = (comment: unknown, entry: NftEntry, port: unknown, address: unknown): void => {
    if (typeof comment !== "string") return;
    const known = found.get(comment) ?? { family, table, comment, entries: [], ports: [], addresses: [] };
    found.set(comment, {
      ...known,
      entries: [...known.entries, entry],
      ports: withWord(known.ports, port),
      addresses: withWord(known.addresses, address),
    });
  };
  for (const rule of listedIn(text, "rule")) {
    const { chain, handle, comment } = rule;
    if (typeof chain !== "string" || typeof handle !== "number") continue;
    add(comment, { chain, handle }, portOf(rule), addressOf(rule));
  }
  for (const kind of ["map", "set"]) {
    for (const { name: set, elem } of listedIn(text, kind)) {
      if (typeof set !== "string") continue;
      for (const { key, comment, value } of elementsIn(elem)) {
        // The port is the last word of the key of a map; of a pair of addresses there is none.
        add(
          comment,
          { set, key },
          kind === "map" ? key.at(-1) : undefined,
          kind === "map" ? value[0] : key[0],
        );
      }
    }
  }
  return [...found.values()];
}

function withWord(words: readonly string[], word: unknown): readonly string[] {
  return typeof word !== "string" || words.includes(word) ? words : [...words, word];
}

/** What nft lists of a kind, as libnftables-json(5) has it. */
function listedIn(text: string, kind: string): readonly Readonly<Record<string, unknown>>[] {
  const value: unknown = parseJson("what nft prints", text);
  const listed = isRecord(value) && Array.isArray(value.nftables) ? (value.nftables as unknown[]) : [];
  return listed.flatMap((each) => {
    const found = isRecord(each) ? each[kind] : undefined;
    return isRecord(found) ? [found] : [];
  });
}

function expressionsOf({ expr }: Readonly<Record<string, unknown>>): readonly Record<string, unknown>[] {
  return Array.isArray(expr) ? (expr as unknown[]).filter(isRecord) : [];
}

/** What a field of the packet must be equal to, by a rule. */
function matched(rule: Readonly<Record<string, unknown>>, wanted: string): string | undefined {
  for (const { match } of expressionsOf(rule)) {
    if (!isRecord(match) || !isRecord(match.left) || !isRecord(match.left.payload)) continue;
    if (match.left.payload.field === wanted) return wordOf(match.right);
  }
  return undefined;
}

function portOf(rule: Readonly<Record<string, unknown>>): string | undefined {
  return matched(rule, "dport");
}

/** Where a rule leads; of one that lets a pod reach itself, the address of the pod. */
function addressOf(rule: Readonly<Record<string, unknown>>): string | undefined {
  const [dnat] = expressionsOf(rule).flatMap(({ dnat: to }) => (isRecord(to) ? [to] : []));
  return dnat === undefined ? matched(rule, "daddr") : wordsOf(dnat.addr)[0];
}

interface Element {
  readonly key: readonly string[];
  readonly comment: unknown;
  readonly value: readonly string[];
}

/** The elements of a set, or of a map, of which each comes with its value; those with a comment alone. */
function elementsIn(elem: unknown): Element[] {
  if (!Array.isArray(elem)) return [];
  return (elem as unknown[]).flatMap((each): Element[] => {
    const [first, value] = Array.isArray(each) ? (each as unknown[]) : [each];
    if (!isRecord(first) || !isRecord(first.elem)) return [];
    const key = wordsOf(first.elem.val);
    return key.length === 0 ? [] : [{ key, comment: first.elem.comment, value: wordsOf(value) }];
  });
}

/** A number or a word of nft. What is more than that cannot be written down for it again. */
function wordOf(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && /^[0-9A-Za-z.:-]+$/.test(value) ? value : undefined;
}

function wordsOf(value: unknown): readonly string[] {
  const parts: readonly unknown[] =
    isRecord(value) && Array.isArray(value.concat) ? (value.concat as unknown[]) : [value];
  const words = parts.map(wordOf);
  return words.every((word) => word !== undefined) ? words : [];
}

/** What nft is to be told to delete an entry. */
export function nftDeletion({ family, table }: Place, entry: NftEntry): string {
  return "set" in entry
    ? `delete element ${family} ${table} ${entry.set} { ${entry.key.join(" . ")} }`
    : `delete rule ${family} ${table} ${entry.chain} handle ${entry.handle}`;
}

/**
 * Deletes what is named of a table and still bears the comment, all or nothing.
 * @throws KpodError IO
 */
export async function deleteNftPorts(
  { family, table, comment, entries }: NftTarget,
  logger: Logger,
): Promise<void> {
  const there = (await readNftPorts(logger)).find(
    (ports) => ports.family === family && ports.table === table && ports.comment === comment,
  );
  const wanted = new Set(entries.map((entry) => nftDeletion({ family, table }, entry)));
  const lines = (there?.entries ?? [])
    .map((entry) => nftDeletion({ family, table }, entry))
    .filter((line) => wanted.has(line));
  if (lines.length === 0) return;
  const result = await callNft(
    findExecutable("", "nft") ?? "nft",
    ["-f", "-"],
    logger,
    `${lines.join("\n")}\n`,
  );
  outputOf(result, lines.join("; "));
}

async function nft(path: string, words: readonly string[], logger: Logger): Promise<string> {
  return outputOf(await callNft(path, words, logger), words.join(" "));
}

function callNft(
  path: string,
  words: readonly string[],
  logger: Logger,
  input?: string,
): Promise<ProgramResult> {
  return askProgram(path, words, {
    interrupted: "the call of nft was interrupted",
    signal: undefined,
    logger,
    ...(input === undefined ? {} : { input }),
  });
}

function outputOf({ failed, stdout, stderr }: ProgramResult, words: string): string {
  if (!failed) return stdout;
  throw new KpodError("IO", `nft ${words} fails: ${firstLine(stderr)}`);
}
