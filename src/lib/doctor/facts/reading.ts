import type { Facts } from "../facts";
import type { Readings } from "../readings/reader";
import { storeContents } from "./store";

/**
 * Has the reader read something once the records are read: what belongs to a record is there before it, and so is not seen
 * while it is being made.
 * @throws KpodError as the reading does
 */
export async function readBehindRecords<Name extends keyof Readings>(
  facts: Facts,
  name: Name,
  ...args: Parameters<Readings[Name]>
): Promise<ReturnType<Readings[Name]>> {
  // That they cannot be read is told by who needs them.
  await facts.get(storeContents).catch(() => undefined);
  return facts.reader.read(name, ...args);
}
