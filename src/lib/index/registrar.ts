import { KpodError } from "../errors";

/**
 * Keeps names apart: a name belongs to one key (an id) at most, a key may have several (libkpod:
 * registrar.Registrar).
 */
export class Registrar {
  private readonly keys = new Map<string, string>();
  /** Nearly all keys have one name. */
  private readonly names = new Map<string, string[]>();

  /**
   * Reserves a name for a key; again for the same key is fine.
   * @throws KpodError CONFLICT that names the holder
   */
  reserve(name: string, key: string): void {
    const holder = this.keys.get(name);
    if (holder !== undefined && holder !== key) {
      throw new KpodError("CONFLICT", `conflict, name "${name}" already reserved for ctr "${holder}"`);
    }
    if (holder === key) return;
    this.keys.set(name, key);
    const names = this.names.get(key);
    if (names === undefined) this.names.set(key, [name]);
    else names.push(name);
  }

  /** Frees a name; a free one is fine. */
  release(name: string): void {
    const key = this.keys.get(name);
    if (key === undefined) return;
    this.keys.delete(name);
    const names = (this.names.get(key) ?? []).filter((other) => other !== name);
    if (names.length === 0) this.names.delete(key);
    else this.names.set(key, names);
  }

  /** Frees all names of a key. */
  delete(key: string): void {
    for (const name of this.names.get(key) ?? []) this.keys.delete(name);
    this.names.delete(key);
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
    const names = this.names.get(key);
    if (names === undefined) throw new KpodError("NOT_FOUND", `no names are reserved for ${key}`);
    return [...names];
  }

  /** All keys with their names. */
  getAll(): Map<string, string[]> {
    return new Map([...this.names].map(([key, names]) => [key, [...names]]));
  }
}
