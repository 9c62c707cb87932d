import { KpodError } from "../errors";

/**
 * Keeps names apart: a name belongs to one key (an id) at most, a key may have several (libkpod:
 * registrar.Registrar).
 */
export class Registrar {
  private readonly keys = new Map<string, string>();

  /**
   * Reserves a name for a key; again for the same key is fine.
   * @throws KpodError CONFLICT that names the holder
   */
  reserve(name: string, key: string): void {
    const holder = this.keys.get(name);
    if (holder !== undefined && holder !== key) {
      throw new KpodError("CONFLICT", `conflict, name "${name}" already reserved for ctr "${holder}"`);
    }
    this.keys.set(name, key);
  }

  /** Frees a name; a free one is fine. */
  release(name: string): void {
    this.keys.delete(name);
  }

  /** Frees all names of a key. */
  delete(key: string): void {
    for (const name of this.namesOf(key)) this.keys.delete(name);
  }

  /** The key that has a name; undefined where it is free. */
  holder(name: string): string | undefined {
    return this.keys.get(name);
  }

  /** The key that has a name. @throws KpodError NOT_FOUND */
  get(name: string): string {
    const key = this.keys.get(name);
    if (key === undefined) throw new KpodError("NOT_FOUND", `name is not reserved: ${name}`);
    return key;
  }

  /** The names of a key. @throws KpodError NOT_FOUND */
  getNames(key: string): string[] {
    const names = this.namesOf(key);
    if (names.length === 0) throw new KpodError("NOT_FOUND", `no names are reserved for ${key}`);
    return names;
  }

  /** All keys with their names. */
  getAll(): Map<string, string[]> {
    const all = new Map<string, string[]>();
    for (const [name, key] of this.keys) all.set(key, [...(all.get(key) ?? []), name]);
    return all;
  }

  /** Looked for among all: names are freed one by one, and reserved by the thousand. */
  private namesOf(key: string): string[] {
    return [...this.keys].filter(([, holder]) => holder === key).map(([name]) => name);
  }
}
