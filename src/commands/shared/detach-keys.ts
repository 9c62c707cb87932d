import { UsageError } from "../../shell/errors";

/**
 * The bytes of keys as docker and podman name them: `ctrl-p,ctrl-q`, `a`. An empty text has none.
 * @throws UsageError
 */
export function readDetachKeys(text: string): Buffer {
  if (text === "") return Buffer.alloc(0);
  return Buffer.concat(text.split(",").map((name) => Buffer.from([keyOf(name, text)])));
}

function keyOf(name: string, all: string): number {
  // From ^@, which is 0, to ^_, which is 31.
  const control = /^ctrl-([a-z@[\\\]^_])$/i.exec(name)?.[1];
  if (control !== undefined) return control.toUpperCase().charCodeAt(0) - 0x40;
  if (/^[\x21-\x7e]$/.test(name)) return name.charCodeAt(0);
  throw new UsageError(
    `option --detach-keys: ${JSON.stringify(all)} is no list of keys like ctrl-p,ctrl-q or ctrl-],q`,
  );
}
