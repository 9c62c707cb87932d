/** Text painted for a terminal; the identity where colours are not wanted. */
export interface Colors {
  readonly bold: (text: string) => string;
  readonly red: (text: string) => string;
}

const plain: Colors = {
  bold: (text) => text,
  red: (text) => text,
};

/** Painters for a terminal. chalk is loaded only where it has something to paint. */
export async function loadColors(wanted: boolean): Promise<Colors> {
  if (!wanted) return plain;
  const { Chalk } = await import("chalk");
  return new Chalk({ level: 1 });
}
