import type { LineJoiner } from "./join-lines";
import type { LineVisitor, LogStream } from "./log-line";
import type { LogTime } from "./log-time";
import { timeWindow } from "./time-window";

/** Which lines of a log are wanted. */
export interface LineSelection {
  /** Lines of this time and later ones. Each is judged by its own time, wherever it stands. */
  since?: LogTime | undefined;
  /** Lines of this time and earlier ones. */
  until?: LogTime | undefined;
  /** Only the last of them, so many; undefined for all. */
  tail?: number | undefined;
  /** Only what the container wrote there. */
  stream?: LogStream | undefined;
}

/** A selection by time, and what is made of lines without one. */
export interface LineLimits extends Omit<LineSelection, "tail"> {
  /** Lets lines without a time through where no line with one has come yet. */
  untimed: boolean;
}

/** True where lines are selected by their times. */
export function hasTimes({ since, until }: LineSelection): boolean {
  return since !== undefined || until !== undefined;
}

/**
 * A filter in front of a joiner. A line in pieces is judged by its first one. One without a time goes with the line
 * before it.
 */
export function filterLines(limits: LineLimits, joiner: LineJoiner): LineVisitor {
  const { stream } = limits;
  if (!hasTimes(limits)) {
    return (view) => {
      if (stream === undefined || view.stream === stream) joiner.line(view);
    };
  }
  const isWanted = timeWindow(limits.since, limits.until);
  let wanted = limits.untimed;
  return (view) => {
    if (!view.continued) wanted = isWanted(view) ?? wanted;
    if (stream !== undefined && view.stream !== stream) return;
    // The rest of a line that was let go, too, goes to the joiner, which knows.
    if (wanted || (view.wellFormed && joiner.isOpen(view.stream))) joiner.line(view);
    else if (view.wellFormed && view.partial) joiner.skip(view.stream);
  };
}
