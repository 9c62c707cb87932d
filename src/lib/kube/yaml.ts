import type { Document, Lexer, Scalar, Tags, visit as visitNodes, YAMLError } from "yaml";
import { KpodError } from "../errors";

/** The way to a value in a document: names of fields and places in lists. */
export type FieldPath = readonly (string | number)[];

/** A document of a YAML file, as JSON would have it. */
export interface YamlDocument {
  readonly value: unknown;
  /** The line on which a value stands, or where it is not there, what would hold it. */
  readonly lineOf: (path: FieldPath) => number;
}

/** Bytes: more than any manifest has that Kubernetes takes, which ends at 3 MiB. */
export const longestYaml = 4 * 1024 * 1024;

/** How often values may be repeated by aliases before the file counts as one that is to fill the memory. */
const mostAliases = 100;

/** How deep objects and lists may be nested; columns of indentation count as levels. */
const deepest = 256;

/** Documents of a file: for each of as many empty ones as fit into it the parser takes its time. */
const mostDocuments = 1_000;

/** Names and values of a file: the parser makes objects of each, of which as many as fit into it take long, and much memory. */
const mostScalars = 200_000;

/** Before the text of a scalar the lexer of `yaml` gives this. */
const scalarFollows = "\x1f";

/** What YAML 1.1 reads as a time or as bytes is text for Kubernetes. */
const notOfKubernetes = /timestamp|binary|omap|pairs|set$/;

/**
 * Reads all documents of a YAML file as Kubernetes does: by YAML 1.1, in which 0644 is octal and yes is true.
 * @param file how messages name it
 * @throws KpodError BAD_ARGUMENT with the line, for what is no YAML, and for what only fills the memory
 */
export async function readYaml(text: string, file: string): Promise<YamlDocument[]> {
  const { Lexer, LineCounter, parseAllDocuments, visit } = await import("yaml");
  const lines = new LineCounter();
  refuseExcess(new Lexer(), text, file);
  const found = parseAllDocuments(text, {
    // Its own look for keys that stand twice compares each with each, which takes minutes for a file that is all keys.
    ...{ lineCounter: lines, prettyErrors: false, strict: true, uniqueKeys: false, merge: true },
    ...{ version: "1.1", schema: "yaml-1.1", customTags: kubernetesTags },
  });
  const documents = Array.isArray(found) ? found : [];
  const lineAt = (offset: number): number => lines.linePos(offset).line;
  return documents.flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw notYaml(file, lineAt(error.pos[0]), error);
    const twice = keyGivenTwice(document, visit);
    if (twice !== undefined) {
      const line = lineAt(twice.range?.[0] ?? 0);
      throw new KpodError(
        "BAD_ARGUMENT",
        `${file}:${line}: this is no YAML: the key ${JSON.stringify(twice.value)} stands twice in an object`,
      );
    }
    const value = toValue(document, file);
    // An alias may lead back to what holds it.
    if (isDeeper(value, deepest)) throw tooDeep(file);
    const lineOf = (path: FieldPath): number => {
      for (let length = path.length; length > 0; length--) {
        const node = document.getIn(path.slice(0, length), true) as Partial<Scalar> | undefined;
        const offset = node?.range?.[0];
        if (offset !== undefined) return lineAt(offset);
      }
      return lineAt(document.contents?.range[0] ?? 0);
    };
    return value === null || value === undefined ? [] : [{ value, lineOf }];
  });
}

function kubernetesTags(tags: Tags): Tags {
  return tags.filter(
    (tag) =>
      typeof tag !== "object" ||
      (!notOfKubernetes.test(tag.tag) && !("format" in tag && tag.format === "TIME")),
  );
}

/** The second of two keys that are the same; what is merged into an object may be given several times. */
function keyGivenTwice(document: Document, visit: typeof visitNodes): Scalar | undefined {
  let found: Scalar | undefined;
  visit(document, {
    Map: (_, { items }) => {
      const known = new Set<unknown>();
      for (const { key } of items) {
        const { value } = key as Partial<Scalar>;
        if (value === undefined || value === "<<") continue;
        if (known.has(value)) {
          found = key as Scalar;
          return visit.BREAK;
        }
        known.add(value);
      }
      return undefined;
    },
  });
  return found;
}

function toValue(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: mostAliases });
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    const why = error.message.startsWith("Excessive")
      ? `repeats its values by aliases more than ${mostAliases} times, as a file does that is to fill the memory`
      : `is no YAML: ${error.message}`;
    throw new KpodError("BAD_ARGUMENT", `${file} ${why}`, { cause: error });
  }
}

/**
 * Who nests lists by the thousand has the parser run out of stack, which may end the whole process. The lexer goes through
 * the text without going deeper: it tells brackets and dashes that nest from those of texts.
 */
function refuseExcess(lexer: Lexer, text: string, file: string): void {
  let documents = 0;
  let scalars = 0;
  let brackets = 0;
  let onLine = 0;
  let isText = false;
  let isLineStart = true;
  for (const token of lexer.lex(text)) {
    const indentation = isLineStart && /^ +$/.test(token) ? token.length : 0;
    if (isLineStart && (token === "---" || token === "...") && ++documents > mostDocuments) {
      throw new KpodError("BAD_ARGUMENT", `${file} has more than ${mostDocuments} documents`, {
        hint: "split it up",
      });
    }
    if (token === scalarFollows && ++scalars > mostScalars) {
      throw new KpodError("BAD_ARGUMENT", `${file} has more than ${mostScalars} names and values`, {
        hint: "split it up",
      });
    }
    if (isText) isText = false;
    else if (token === scalarFollows) isText = true;
    else if (token === "[" || token === "{") brackets++;
    else if (token === "]" || token === "}") brackets--;
    else if (token === "-" || token === "?") onLine++;
    isLineStart = token === "\n" || token === "\r\n";
    if (isLineStart) onLine = 0;
    if (Math.max(brackets + onLine, indentation) > deepest) throw tooDeep(file);
  }
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((each) => isDeeper(each, levels - 1));
}

function tooDeep(file: string): KpodError {
  return new KpodError(
    "BAD_ARGUMENT",
    `${file} is nested more than ${deepest} levels deep, as no file of Kubernetes is`,
  );
}

function notYaml(file: string, line: number, error: YAMLError): KpodError {
  const [first = ""] = error.message.split("\n");
  return new KpodError("BAD_ARGUMENT", `${file}:${line}: this is no YAML: ${first}`, { cause: error });
}

/** Writes values as documents of a YAML file, each behind a line of `---` but the first. */
export async function writeYaml(values: readonly unknown[]): Promise<string> {
  const { stringify } = await import("yaml");
  // By 1.1 what others would take for a number or for yes is quoted.
  const texts = values.map((value) =>
    stringify(value, { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false }),
  );
  return texts.join("---\n");
}
