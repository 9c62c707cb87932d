import { cutToWidth } from "../format/width";
import { tolerate } from "../lib/errors";
import type { Terminal } from "./terminal";

/** The size of the terminal, in characters. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** Makes the lines of a picture, without line feeds and control characters but colours. Those that are too long are cut. */
export type Draw = (size: ScreenSize) => readonly string[];

/** A picture on the terminal that is drawn anew in its place. */
export interface LiveScreen {
  /** Shows a picture; it is drawn again by itself when the terminal has another size. */
  readonly show: (draw: Draw) => void;
}

/** The lines of a text, for a picture. */
export function linesOf(text: string): readonly string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

// See xterm's ctlseqs: the alternate screen, the cursor, and erasing to the end of line and screen.
const enter = "\x1b[?1049h\x1b[?25l";
const leave = "\x1b[?25h\x1b[?1049l";
const home = "\x1b[H";
const endOfLine = "\x1b[K";
const endOfScreen = "\x1b[J";

/** True when pictures can be drawn in place; a dumb terminal can do no more than a pipe. */
export function canDrawInPlace(terminal: Terminal): boolean {
  return terminal.isTTY && !["dumb", ""].includes(process.env.TERM ?? "");
}

/**
 * Shows pictures in place while something goes on. They lie on the terminal's alternate screen, without cursor;
 * however it ends (done, error, Ctrl-C, SIGTERM), the terminal is as before, with the last picture below what
 * stood there. So it is while kpod is suspended by Ctrl-Z.
 */
export async function withLiveScreen<T>(
  terminal: Terminal,
  work: (screen: LiveScreen) => Promise<T>,
): Promise<T> {
  let draw: Draw | undefined;
  let active = false;
  const size = (): ScreenSize => ({ columns: terminal.columns ?? 80, rows: terminal.rows ?? 24 });

  const redraw = (): void => {
    if (active && draw !== undefined) terminal.out(picture(draw(size()), size()));
  };
  const begin = (): void => {
    active = true;
    terminal.out(enter);
    redraw();
  };
  const end = (): void => {
    if (!active) return;
    active = false;
    const last = draw?.(size()).map((line) => `${cutToWidth(line, size().columns)}\n`) ?? [];
    // The terminal was closed and needs no restoring; why the work ended is what counts.
    tolerate(undefined, () => {
      terminal.out(`${leave}${last.join("")}`);
    });
  };
  const suspend = (): void => {
    end();
    // Its own handler keeps the signal from doing what it is for.
    process.kill(process.pid, "SIGSTOP");
  };

  const stopListening = terminal.onResize(redraw);
  process.on("SIGTSTP", suspend).on("SIGCONT", begin);
  // The end of the process that no `finally` sees: a second Ctrl-C.
  process.on("exit", end);
  try {
    begin();
    return await work({
      show(next) {
        draw = next;
        redraw();
      },
    });
  } finally {
    stopListening();
    process.off("SIGTSTP", suspend).off("SIGCONT", begin).off("exit", end);
    end();
  }
}

/** Every line is written over the one that stood there: nothing is erased before, so nothing flickers. */
function picture(lines: readonly string[], { columns, rows }: ScreenSize): string {
  // The last line of the screen stays free: a line feed there would scroll.
  const room = Math.max(1, rows - 1);
  const hidden = lines.length - room;
  const visible = hidden > 0 ? [...lines.slice(0, room - 1), `... ${hidden + 1} more lines`] : lines;
  const text = visible.map((line) => `${cutToWidth(line, columns)}${endOfLine}\n`).join("");
  return `${home}${text}${endOfScreen}`;
}
