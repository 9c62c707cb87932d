/** How a program takes a terminal's screen for itself, and gives it back. */
export const enterScreen = "\x1b[?1049h\x1b[?25l";
export const leaveScreen = "\x1b[?25h\x1b[?1049l";

/** The pictures that were drawn so far on a live screen, each as its lines. */
export function pictures(output: string): string[][] {
  return output
    .split("\x1b[H")
    .slice(1)
    .flatMap((part) => {
      const end = part.indexOf("\x1b[J");
      return end < 0 ? [] : [part.slice(0, end).split("\x1b[K\r\n").slice(0, -1)];
    });
}
