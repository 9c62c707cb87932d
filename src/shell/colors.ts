type Painter = (text: string) => string;

/** Text painted for a terminal; the identity where colours are not wanted. */
export type Colors = Readonly<Record<"bold" | "red" | "green" | "yellow" | "magenta", Painter>>;

const same: Painter = (text) => text;

/** Colours where none are wanted. */
export const plainColors: Colors = { bold: same, red: same, green: same, yellow: same, magenta: same };

/** Painters for a terminal. chalk is loaded only where it has something to paint. */
export async function loadColors(wanted: boolean): Promise<Colors> {
  if (!wanted) return plainColors;
  const { Chalk } = await import("chalk");
  return new Chalk({ level: 1 });
}
