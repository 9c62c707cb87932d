import { realpathSync, statSync } from "node:fs";
import { describeErrno, isNotFound, KpodError } from "../errors";
import { writeFileAtomic } from "../system/files";
import { defaultsInForce, versionedFields, versionsOfKeys, type CrioDefaults } from "./crio-defaults";
import { crioVersionText, type CrioAnswer } from "./crio-version";
import { defaultFields, type ConfigFields } from "./fields";
import { readFields } from "./read";
import { findKey, readTomlFile, subsection, type TomlSection } from "./toml-file";
import { scanToml } from "./toml-scan";
import { newTable } from "./toml-tree";
import { addUnknownKeys, writeFields } from "./write";

// A class cannot take over the fields of an interface by itself: Config says here that it has them, and
// its constructor assigns every one.
const Fields = Object as unknown as new () => ConfigFields;

/**
 * The whole configuration, the values of all tables of crio.conf side by side: `config.root`,
 * `config.runtime`. They may be assigned to. `Config` of libkpod.
 */
export class Config extends Fields {
  readonly #sources = new Map<keyof ConfigFields, string>();
  readonly #files: string[] = [];
  readonly #sections: TomlSection[] = [];
  #crio: CrioAnswer | undefined;
  /** What stands for defaults now: what a field has of it was set by nobody. */
  #defaults: Pick<CrioDefaults, (typeof versionedFields)[number]> = defaultFields();
  #inForce: Pick<CrioDefaults, "runtimeRoot" | "records" | "movesConmon" | "monitorCgroup"> = libraryDefaults;

  constructor() {
    super();
    Object.assign(this, defaultFields());
  }

  /**
   * Where the values come from that were set: the path of a file, the name of an environment variable, or a
   * global flag. A value that is not in here is the built-in default, or was assigned.
   */
  get sources(): ReadonlyMap<keyof ConfigFields, string> {
    return this.#sources;
  }

  /** The files that were read, in their order. */
  get files(): readonly string[] {
    return this.#files;
  }

  /** Whether a crio.conf or a drop-in of it was read: a sign that CRI-O is used. */
  get hasCrioConf(): boolean {
    return this.#sections.length > 0;
  }

  /** The version of CRI-O whose defaults are in force; undefined where those of 1.0 are, as libkpod had them. */
  get crio(): CrioAnswer | undefined {
    return this.#crio;
  }

  /** The defaults of that version that no key of crio.conf names. */
  get crioDefaults(): Pick<CrioDefaults, "runtimeRoot" | "records" | "movesConmon" | "monitorCgroup"> {
    return this.#inForce;
  }

  /**
   * Puts the defaults of a version of CRI-O in the place of those before, wherever nobody has set anything. A
   * crio.conf of before there were handlers or several directories of hooks keeps to what it names.
   */
  adoptVersion(answer: CrioAnswer): void {
    const defaults = defaultsInForce(answer);
    for (const field of versionedFields) {
      if (!this.isDefault(field)) continue;
      if (field === "defaultRuntime" && this.#sources.has("runtime")) continue;
      if (field === "hooksDir" && this.#sources.has("hooksDirPath")) continue;
      Object.assign(this, { [field]: defaults[field] });
    }
    this.#crio = answer;
    this.#defaults = defaults;
    this.#inForce = defaults;
  }

  /** Says where new records go, for a store whose own ones tell it. */
  setRecordsFile(records: CrioDefaults["records"]): void {
    this.#inForce = { ...this.#inForce, records };
  }

  /** True for a value that neither a file nor a caller has set. */
  isDefault(field: (typeof versionedFields)[number]): boolean {
    return !this.#sources.has(field) && String(this[field]) === String(this.#defaults[field]);
  }

  /** The versions whose crio.conf has all the keys of those that were read; undefined where none was. */
  get versionsOfFiles(): ReturnType<typeof versionsOfKeys> | undefined {
    if (!this.hasCrioConf) return undefined;
    return versionsOfKeys(this.#sections.flatMap(({ text }) => keysOf(text)));
  }

  /**
   * Takes over what a crio.conf sets; all else stays as it is. A list takes the place of the one before, but
   * that the options of the store are added to those before. `""` for root, runroot and storage driver sets
   * nothing. Keys that are not known are kept for {@link toFile}. When an error is thrown, nothing has
   * changed. `Config.UpdateFromFile` of libkpod.
   * @throws KpodError BAD_CONFIG that names the file when it cannot be read, and file, line and key when it
   * is not TOML, a value is of the wrong type, or it is none of those allowed
   */
  updateFromFile(path: string): void {
    const file = readTomlFile(path);
    this.set(readFields(file, this), path);
    this.#files.push(path);
    this.#sections.push(file);
  }

  /** Takes over values, with where they come from. */
  set(fields: Partial<ConfigFields>, source: string): void {
    Object.assign(this, fields);
    for (const field of Object.keys(fields) as (keyof ConfigFields)[]) this.#sources.set(field, source);
  }

  /**
   * What the files say of a key that is none of the fields here, as those that only matter to a launch: the table that
   * holds it, and the key as it stands there. The last file that sets it counts; of a handler, the last that has its table.
   * @param table the keys that lead to the table: `["crio", "runtime"]`
   */
  further(table: readonly string[], name: string): { section: TomlSection; key: string } | undefined {
    const isHandler = table.length === 4 && table[2] === "runtimes";
    for (const file of this.#sections.toReversed()) {
      const section = sectionAt(file, table);
      const key = section === undefined ? undefined : findKey(section, name);
      if (section !== undefined && key !== undefined) return { section, key };
      if (section !== undefined && isHandler) return undefined;
    }
    return undefined;
  }

  /** The names of the tables within one, in any of the files. */
  furtherTables(table: readonly string[]): string[] {
    const sections = this.#sections.flatMap((file) => sectionAt(file, table) ?? []);
    return [...new Set(sections.flatMap(({ values }) => Object.keys(values)))];
  }

  /** Adds a file that was read and is no crio.conf. */
  addFile(path: string): void {
    this.#files.push(path);
  }

  /**
   * The configuration as TOML: every key of CRI-O 1.0.0 with its value, be it the default (but for
   * `hooks_dir_path` and `plugin_dir` where their successors are set); of the keys that came later those
   * that were set or changed; and all that the files that were read hold beside, as it
   * stands in them. Comments are lost, and so are `hooks` and `transientStore`, for which crio.conf has no
   * keys.
   */
  toToml(): string {
    const unknown = newTable();
    for (const { text } of this.#sections) addUnknownKeys(unknown, scanToml(text));
    return writeFields(this, defaultFields(), (field) => this.#sources.has(field), unknown);
  }

  /**
   * Writes {@link toToml} to a file, so that a reader sees the old file or the new one whole. A file that is
   * there keeps its mode, and a symbolic link leads to the new text. `Config.ToFile` of libkpod.
   * @throws KpodError IO that names the file when it cannot be written
   */
  toFile(path: string): void {
    const { target, mode } = existingFile(path) ?? { target: path, mode: 0o644 };
    writeFileAtomic(target, this.toToml(), mode);
  }
}

/** An answer as text: `1.36.3, from /var/run/crio/version`. */
export function crioText({ known, version, source }: CrioAnswer): string {
  if (known) return `${crioVersionText(version)}, from ${source}`;
  return `not known, with the defaults of ${crioVersionText(version)}: ${source}`;
}

/** The configuration where nothing is configured: that of CRI-O 1.0.0. `DefaultConfig` of libkpod. */
export function defaultConfig(): Config {
  return new Config();
}

function sectionAt(file: TomlSection, path: readonly string[]): TomlSection | undefined {
  return path.reduce<TomlSection | undefined>(
    (section, name) => (section === undefined ? undefined : subsection(section, name)),
    file,
  );
}

/** What goes with the defaults of libkpod: where no version of CRI-O is asked for, things are as in 1.0. */
const libraryDefaults = { runtimeRoot: "", records: "stable", movesConmon: true, monitorCgroup: "" } as const;

/** The names of the keys of a TOML file, of whichever table. */
function keysOf(text: string): string[] {
  return [...text.matchAll(/^[ \t]*([A-Za-z_]+)[ \t]*=/gm)].map(([, key = ""]) => key.toLowerCase());
}

function existingFile(path: string): { target: string; mode: number } | undefined {
  try {
    return { target: realpathSync(path), mode: statSync(path).mode & 0o777 };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw new KpodError("IO", `cannot write ${path}: ${describeErrno(error)}`, { cause: error });
  }
}
