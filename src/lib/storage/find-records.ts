import { isUsableRecord, type StorageRecord } from "./records";

/** How a record begins as Go writes it. Quotes within texts are escaped in JSON: no text can look like this. */
const recordStart = '{"id":"';
const betweenRecords = `},${recordStart}`;

/**
 * The records of a file in which a text occurs, wherever in them, found in its bytes: to parse a thousand records
 * for one of them takes longer than all else that a look at one container does.
 * @param bytes what a file of records holds
 * @param text of characters that stand for themselves in JSON
 * @returns undefined for a file that is not written as Go writes it: then it has to be parsed
 */
export function findRecords(bytes: Buffer, text: string): StorageRecord[] | undefined {
  const end = lengthWithoutSpace(bytes);
  if (end === 0 || (end === 2 && bytes.toString("latin1", 0, 2) === "[]")) return [];
  if (bytes.toString("latin1", 0, 1 + recordStart.length) !== `[${recordStart}`) return undefined;
  if (bytes.toString("latin1", end - 2, end) !== "}]") return undefined;
  const found: StorageRecord[] = [];
  for (let at = bytes.indexOf(text); at >= 0;) {
    const start = bytes.lastIndexOf(recordStart, at);
    // Something in a record that looks like the beginning of one is of a form that nobody knows.
    if (start < 1 || (start > 1 && bytes.toString("latin1", start - 2, start) !== "},")) return undefined;
    const next = bytes.indexOf(betweenRecords, at);
    const stop = next < 0 ? end - 1 : next + 1;
    const record = parsed(bytes.toString("utf8", start, stop));
    if (record === undefined) return undefined;
    found.push(record);
    at = bytes.indexOf(text, stop);
  }
  return found;
}

function lengthWithoutSpace(bytes: Buffer): number {
  let length = bytes.length;
  while (length > 0 && (bytes[length - 1] ?? 0) <= 0x20) length--;
  return length;
}

function parsed(text: string): StorageRecord | undefined {
  try {
    const record: unknown = JSON.parse(text);
    return isUsableRecord(record) ? record : undefined;
  } catch {
    return undefined;
  }
}
