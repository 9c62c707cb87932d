import { isRecord } from "../system/files";
import { replaceTornTexts } from "./torn-json";

/** What stands in the place of a secret. */
const hidden = "HIDDEN";

/** Words in the name of a key or variable whose value is nobody else's to read. */
const secretName =
  /pass(?:word|wd|phrase)?(?:$|[^a-z])|secret|token|credential|creds$|api[_-]?key|access[_-]?key|private[_-]?key|(?:^|[^a-z])auth$|authorization|cookie|identitytoken/i;

/** Names that only say where something is, or are none of a secret. */
const harmlessName = /(?:file|dir|path|mount|name|enabled|policy|token-?ttl)s?$/i;

/** Where Kubernetes keeps the whole of what was applied, with the values of variables. */
const appliedConfiguration = "kubectl.kubernetes.io/last-applied-configuration";

/** Shorter ones would be found everywhere. */
const shortestSecret = 6;

/** Whether the value of a key of this name is nobody else's to read. */
export function isSecretName(name: string): boolean {
  return secretName.test(name) && !harmlessName.test(name);
}

/** Takes secrets out of what others are to read. It learns those that it has seen, and finds them elsewhere as well. */
export class SecretMask {
  private readonly known = new Set<string>();

  /** Has a text hidden wherever it occurs from now on. */
  learn(secret: string): void {
    if (secret.length >= shortestSecret) this.known.add(secret);
  }

  /**
   * A text without the secrets in it: values of keys and flags that are called so, user and password in addresses, what
   * authorizes a request, tokens and keys by their form, and what was learned.
   */
  text(text: string): string {
    const kept = (name: string, whole: string, masked: string): string =>
      isSecretName(name) ? masked : whole;
    let masked = hideWebTokens(text)
      .replace(/-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, hidden)
      .replace(/\b(authorization"?\s*[:=]\s*["']?\w+\s+)[^\s"']+/gi, `$1${hidden}`)
      .replace(/\b(bearer|basic)\s+[\w+/=.~-]{8,}/gi, `$1 ${hidden}`)
      .replace(/:\/\/[^\s/@"']+@/g, `://${hidden}@`);
    masked = hideInCalls(masked)
      .replace(environmentOfToml, (_, key: string, list: string) => key + this.environmentList(list))
      .replace(assignment, (whole, before: string, name: string, between: string) => {
        const quote = /["']$/.exec(whole)?.[0] ?? "";
        return kept(name, whole, `${before}${name}${between}${quote}${hidden}${quote}`);
      })
      .replace(flagAndWord, (whole, dashes: string, name: string, space: string) =>
        kept(name, whole, `${dashes}${name}${space}${hidden}`),
      );
    for (const secret of this.known) masked = masked.replaceAll(secret, hidden);
    return masked;
  }

  /**
   * JSON without the secrets in it: variables of processes keep their names alone, and so do keys that are called as
   * secrets are. Text that is JSON itself, as the annotations of CRI-O, is gone through as well.
   */
  json(value: unknown, key = ""): unknown {
    if (key === appliedConfiguration) return hidden;
    if (Array.isArray(value)) {
      const variables = environmentKeys.has(key);
      const words = variables ? [] : hiddenInWords(value);
      return value.map((item: unknown, index) => {
        if (typeof item !== "string") return this.json(item);
        if (variables) return this.variable(item);
        if (key === "labels") return this.label(item);
        if (isSecretFlag(value[index - 1]) && !item.startsWith("-")) return hidden;
        return words[index] ?? this.json(item);
      });
    }
    if (isRecord(value)) {
      if (key === "auths") return this.credentials(value);
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, this.json(item, name)]));
    }
    if (typeof value !== "string") return value;
    if (isSecretName(key) && value !== "") return hidden;
    const inner = /^\s*[[{]/.test(value) ? parsed(value) : undefined;
    return inner === undefined ? this.text(value) : JSON.stringify(this.json(inner, ""));
  }

  /**
   * The text of a file of JSON. Of one that is torn, all that looks like a variable is taken for one: nobody can tell any
   * more what it was. All else is gone through by its keys, as in a whole one.
   */
  jsonFile(text: string): string {
    const value = parsed(text);
    if (value !== undefined) return `${JSON.stringify(this.json(value), undefined, 1)}\n`;
    return this.torn(text);
  }

  private torn(text: string): string {
    const masked = replaceTornTexts(text, ({ key, isList, texts }) => {
      const values = isList ? this.json(texts, key) : [this.json(texts[0] ?? "", key)];
      return texts.map((each, index) => {
        if (key !== "labels" && /^[A-Za-z_]\w*=/.test(each)) return this.variable(each);
        const value = Array.isArray(values) ? String(values[index]) : each;
        // A text that is JSON itself was cut with the file.
        return value !== hidden && /^\s*[[{]/.test(each) && parsed(each) === undefined
          ? this.torn(each)
          : value;
      });
    });
    return this.text(masked);
  }

  /** A variable of an environment without its value, which is learned where its name says that it is secret. */
  variable(text: string): string {
    const end = text.indexOf("=");
    if (end < 0) return text;
    const name = text.slice(0, end);
    if (isSecretName(name)) this.learn(text.slice(end + 1));
    return `${name}=${hidden}`;
  }

  /** An annotation as runc writes it into its state.json, `NAME=VALUE`: what an annotation of this name would say. */
  private label(text: string): string {
    const end = text.indexOf("=");
    if (end < 0) return this.text(text);
    const name = text.slice(0, end);
    return `${name}=${String(this.json(text.slice(end + 1), name))}`;
  }

  private environmentList(list: string): string {
    return list.replace(/(["'])([^"'=\n]+=[^\n]*?)\1(?=\s*[,\]#\n])/g, (_, quote: string, text: string) => {
      return `${quote}${this.variable(text)}${quote}`;
    });
  }

  /** The registries that there are credentials for, as an auth.json has them, without these. */
  private credentials(auths: Record<string, unknown>): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(auths).map(([registry, entry]): [string, unknown] => {
        if (!isRecord(entry)) return [registry, hidden];
        for (const secret of Object.values(entry)) {
          if (typeof secret !== "string") continue;
          this.learn(secret);
          this.learn(Buffer.from(secret, "base64").toString("utf8").split(":").slice(1).join(":"));
        }
        return [registry, Object.fromEntries(Object.keys(entry).map((name) => [name, hidden]))];
      }),
    );
  }
}

/**
 * A text without JSON web tokens: three parts between dots, of which the first is an object. Each part is looked at once: a
 * pattern for all of it would go through a text that begins again and again like one, as a container can make it, as often.
 */
function hideWebTokens(text: string): string {
  if (!text.includes("eyJ")) return text;
  return text.replace(/[\w.-]+/g, (run) => {
    const parts = run.split(".");
    const shown: string[] = [];
    for (let at = 0; at < parts.length; at++) {
      const part = parts[at] ?? "";
      const start = /(?:^|-)eyJ[\w-]{8}/.exec(part);
      if (start === null || at + 2 >= parts.length || (parts[at + 1] ?? "").length < 8) shown.push(part);
      else {
        const before = start[0].startsWith("-") ? start.index + 1 : start.index;
        shown.push(part.slice(0, before) + hidden);
        at += 2;
      }
    }
    return shown.join(".");
  });
}

/**
 * A name, what assigns, and a value: of TOML, JSON, flags, variables. A quoted value may hold anything but its
 * quote; a long one, taken character by character, would exhaust the stack.
 */
const assignment =
  /(^|[\s"'{,;?&(]|--?)([A-Za-z][\w.-]{2,60})("?\s*[=:]\s*)(?:"(?!")[^"\\\n]*(?:\\.[^"\\\n]*)*"|'[^'\n]+'|[^\s"'{[,;&)}\]][^\s"',;&)}\]]*)/gm;

/** A flag with its value as the next word. */
const flagAndWord = /(--?)([A-Za-z][\w-]{2,60})(\s+)(?![-\s])[^\s"']+/g;

/**
 * A call of a program that takes its password in one word with the flag, `-pPASSWORD`. What follows the name may be missing, so
 * that no text is gone through again and again.
 */
const mysqlCall = /\b(?:mysql|mariadb)[\w-]*(?:\s[^\n|;&]*)?(?:\n-p[^\s"'|;&]+)?/g;

/** `-u USER:PASSWORD`, as curl has it; `-u 1000:1000` is somebody else's. */
const userAndPassword = /(\s(?:-u|--user)[\s=][^\s:"'/]+:)(?!\d+(?:\s|$))[^\s"']+/g;

/** A text without the passwords that programs are called with. */
function hideInCalls(text: string): string {
  return text
    .replace(mysqlCall, (call) => call.replace(/(\s-p)[^\s"'|;&]+/g, `$1${hidden}`))
    .replace(/(\bsshpass\s+-p\s*)[^\s"'|;&]+/g, `$1${hidden}`)
    .replace(userAndPassword, `$1${hidden}`);
}

/** Each word of a command line with its secret hidden, where only the words before it tell that it has one. */
function hiddenInWords(words: readonly unknown[]): (string | undefined)[] {
  let program = "";
  return words.map((item, index) => {
    if (typeof item !== "string") return undefined;
    // What is a word of its own here stands between spaces there.
    const line = ` ${[program, ...words.slice(Math.max(0, index - 2), index), item].join(" ")}`;
    program = endsInMysqlCall(`${program} ${item}`) ? "mysql" : "";
    if (index === 0 || /\s/.test(item)) return undefined;
    const masked = hideInCalls(line);
    const last = masked.slice(masked.lastIndexOf(" ") + 1);
    return last === item ? undefined : last;
  });
}

/** True where the next word is one for a program of {@link mysqlCall}. */
function endsInMysqlCall(line: string): boolean {
  const last = line.split(/[\n|;&]/).at(-1) ?? "";
  return [...last.matchAll(mysqlCall)].some(({ index, 0: call }) => index + call.length === last.length);
}

/** What is set for all processes in crio.conf: a list that may go over several lines. */
const environmentOfToml = /^([^\S\n]*(?:default_env|conmon_env|monitor_env)\s*=\s*)(\[[^\]]*\])/gm;

/** Keys of lists of `NAME=VALUE`. */
const environmentKeys: ReadonlySet<string> = new Set(["env", "Env", "environment"]);

function isSecretFlag(word: unknown): boolean {
  const name = typeof word === "string" ? /^--?([A-Za-z][\w-]+)$/.exec(word)?.[1] : undefined;
  return name !== undefined && isSecretName(name);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // It only looks like JSON.
    return undefined;
  }
}
