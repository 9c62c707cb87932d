/** Texts of JSON that stand together: the value of a key, or consecutive items of a list. */
export interface TornTexts {
  /** The key that they are the value of; "" where none is known. */
  readonly key: string;
  readonly isList: boolean;
  readonly texts: readonly string[];
}

/** A text of JSON, to the end where it is cut, and whether it is a key. Character by character, a long one would exhaust the stack. */
const jsonText = /"([^"\\]*(?:\\[^][^"\\]*)*)("|\\?$)(\s*:)?/g;

/**
 * Replaces what stands in texts of a file of JSON that cannot be parsed, as one that was cut: each one by its key, as far as
 * that is there. All else stays as it is.
 * @param replace gives as many texts as it is given
 */
export function replaceTornTexts(text: string, replace: (texts: TornTexts) => readonly string[]): string {
  const shown: string[] = [];
  let last = 0;
  let key: string | undefined;
  let run: { readonly key: string; readonly isList: boolean; readonly found: RegExpExecArray[] } | undefined;
  const endRun = (): void => {
    if (run === undefined) return;
    const texts = run.found.map(([, body = ""]) => decoded(body));
    const masked = replace({ key: run.key, isList: run.isList, texts });
    for (const [index, match] of run.found.entries()) {
      shown.push(text.slice(last, match.index), encoded(match, texts[index] ?? "", masked[index] ?? ""));
      last = match.index + match[0].length;
    }
    run = undefined;
  };
  let end = 0;
  for (const match of text.matchAll(jsonText)) {
    const between = text.slice(end, match.index).trim();
    end = match.index + match[0].length;
    if (match[3] !== undefined) {
      endRun();
      key = decoded(match[1] ?? "");
      continue;
    }
    if (key === undefined && run?.isList === true && between === ",") run.found.push(match);
    else {
      endRun();
      const isItsOwn = key !== undefined && (between === "" || between === "[");
      run = { key: isItsOwn ? (key ?? "") : "", isList: key === undefined || between !== "", found: [match] };
    }
    key = undefined;
  }
  endRun();
  return shown.join("") + text.slice(last);
}

function decoded(body: string): string {
  for (const whole of [body, body.replace(/\\u?[0-9a-fA-F]{0,3}$/, "")]) {
    try {
      return String(JSON.parse(`"${whole}"`));
    } catch {
      // An escape that was cut, or bytes that no text of JSON has.
    }
  }
  return body;
}

function encoded([whole, , quote]: RegExpExecArray, before: string, after: string): string {
  if (before === after) return whole;
  const text = JSON.stringify(after);
  return quote === '"' ? text : text.slice(0, -1);
}
