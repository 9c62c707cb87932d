import { randomBytes } from "../system/random";

declare const brand: unique symbol;

/** The id of a container, pod, layer or image that was checked: 64 hexadecimal digits, safe in a path. */
export type StorageId = string & { readonly [brand]: "StorageId" };

/** True when a text is an id as containers/storage makes them. */
export function isStorageId(text: unknown): text is StorageId {
  return typeof text === "string" && /^[0-9a-f]{64}$/.test(text);
}

/**
 * True for a word that may well be meant as the beginning of an id. Shorter ones are names first: many are called `db`,
 * and with some hundred containers some id begins so.
 */
export function mayBeginId(word: string): boolean {
  return /^[0-9a-f]{4,64}$/.test(word);
}

/** A new random id. */
export function newStorageId(): StorageId {
  const id = randomBytes(32).toString("hex");
  if (!isStorageId(id)) throw new Error("32 random bytes did not give 64 hexadecimal digits");
  return id;
}
