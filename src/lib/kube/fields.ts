import { KpodError } from "../errors";
import { largestId } from "../oci/user";
import { isRecord } from "../system/files";
import type { FieldPath, YamlDocument } from "./yaml";

/** A document as it is read: what of it nobody has asked for is told in the end. */
export interface FieldSource {
  readonly file: string;
  readonly lineOf: YamlDocument["lineOf"];
  /** All objects of it that are read. */
  readonly opened: Fields[];
  /** What is known and not followed: the reason, and the fields. */
  readonly unfollowed: Map<string, string[]>;
}

/** The fields of an object in a YAML file, each of the kind that Kubernetes wants, or an error that names its line. */
export class Fields {
  private readonly asked = new Set<string>();

  constructor(
    private readonly values: Readonly<Record<string, unknown>>,
    readonly path: FieldPath,
    private readonly source: FieldSource,
  ) {
    source.opened.push(this);
  }

  /** As the file has it; what is null is not there. */
  raw(name: string): unknown {
    this.asked.add(name);
    const value = Object.hasOwn(this.values, name) ? this.values[name] : undefined;
    return value === null ? undefined : value;
  }

  text(name: string): string | undefined {
    return this.ofKind(name, "text: put it in quotes", (value) => typeof value === "string");
  }

  requiredText(name: string): string {
    const text = this.text(name) ?? "";
    if (text === "") throw this.bad([], `has no ${name}`);
    return text;
  }

  /** One of these words. */
  word<Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    const text = this.text(name) ?? "";
    if (text === "") return undefined;
    const word = words.find((known) => known === text);
    if (word === undefined) throw this.bad([name], `is none of ${words.join(", ")}`);
    return word;
  }

  integer(name: string): number | undefined {
    return this.ofKind(name, "a whole number from 0", isWhole);
  }

  /** The number of a user or a group. */
  id(name: string): number | undefined {
    return this.ofKind(name, `a whole number from 0 to ${largestId}`, isId);
  }

  flag(name: string): boolean | undefined {
    return this.ofKind(name, "true or false", (value) => typeof value === "boolean");
  }

  texts(name: string): string[] {
    const isFit = (value: unknown): value is string[] =>
      Array.isArray(value) && value.every((entry) => typeof entry === "string");
    return this.ofKind(name, "a list of texts: put them in quotes", isFit) ?? [];
  }

  ids(name: string): number[] {
    const isFit = (value: unknown): value is number[] => Array.isArray(value) && value.every(isId);
    return this.ofKind(name, `a list of whole numbers from 0 to ${largestId}`, isFit) ?? [];
  }

  textMap(name: string): Record<string, string> {
    const isFit = (value: unknown): value is Record<string, string> =>
      isRecord(value) && Object.values(value).every((entry) => typeof entry === "string");
    return this.ofKind(name, "texts by names: put each in quotes", isFit) ?? {};
  }

  object(name: string): Fields | undefined {
    const value = this.ofKind(name, "an object of fields", isRecord);
    return value === undefined ? undefined : new Fields(value, [...this.path, name], this.source);
  }

  objects(name: string): Fields[] {
    const isFit = (value: unknown): value is Record<string, unknown>[] =>
      Array.isArray(value) && value.every(isRecord);
    const values = this.ofKind(name, "a list of objects", isFit) ?? [];
    return values.map((value, index) => new Fields(value, [...this.path, name, index], this.source));
  }

  /** The names of the fields that are there. */
  names(): string[] {
    return Object.keys(this.values).filter((name) => this.values[name] !== null);
  }

  /** These fields tell nothing that could be followed or missed. */
  passOver(...names: readonly string[]): void {
    for (const name of names) this.asked.add(name);
  }

  /** What of these fields is there is told to be not followed, for a reason. */
  leave(reason: string, ...names: readonly string[]): void {
    for (const name of names) {
      if (this.raw(name) === undefined) continue;
      const fields = this.source.unfollowed.get(reason) ?? [];
      fields.push(pathInWords([...this.path, name]));
      this.source.unfollowed.set(reason, fields);
    }
  }

  /** The error for a field, or for the object itself. */
  bad(below: FieldPath, why: string, hint?: string): KpodError {
    const path = [...this.path, ...below];
    const { source } = this;
    const what = path.length === 0 ? "it" : pathInWords(path);
    return new KpodError("BAD_ARGUMENT", `${source.file}:${source.lineOf(path)}: ${what} ${why}`, { hint });
  }

  /** Where the fields stand that nobody has asked for. */
  unread(): FieldPath[] {
    return this.names()
      .filter((name) => !this.asked.has(name))
      .map((name) => [...this.path, name]);
  }

  private ofKind<T>(name: string, kind: string, isFit: (value: unknown) => value is T): T | undefined {
    const value = this.raw(name);
    if (value === undefined || isFit(value)) return value;
    throw this.bad([name], `must be ${kind}`);
  }
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isId(value: unknown): value is number {
  return isWhole(value) && value <= largestId;
}

/** True for what can be the name of a container or of a volume: a label of DNS. */
export function isLabelName(name: string): boolean {
  return /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name);
}

/** The name of a container or of a volume. @throws KpodError BAD_ARGUMENT */
export function labelName(fields: Fields): string {
  const name = fields.requiredText("name");
  if (isLabelName(name)) return name;
  throw fields.bad(["name"], `is ${JSON.stringify(name)}: it takes small letters, digits and -`);
}

/** Opens a document. @throws KpodError BAD_ARGUMENT for one that is no object */
export function openDocument(
  { value, lineOf }: YamlDocument,
  file: string,
): { fields: Fields; source: FieldSource } {
  const source: FieldSource = { file, lineOf, opened: [], unfollowed: new Map() };
  if (!isRecord(value)) {
    throw new KpodError("BAD_ARGUMENT", `${file}:${lineOf([])}: this is no object of Kubernetes`);
  }
  return { fields: new Fields(value, [], source), source };
}

/** What of a document is not followed, a line each. */
export function untold({ file, lineOf, opened, unfollowed }: FieldSource): string[] {
  const unknown = opened
    .flatMap((fields) => fields.unread())
    .map((path) => `${file}:${lineOf(path)}: ${pathInWords(path)} is unknown and not followed`);
  const known = [...unfollowed].map(
    ([reason, fields]) => `${file}: not followed, for ${reason}: ${fields.join(", ")}`,
  );
  return [...unknown, ...known];
}

/** As kubectl writes it: `spec.containers[0].image`. */
function pathInWords(path: FieldPath): string {
  return path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`))
    .join("")
    .replace(/^\./, "");
}
