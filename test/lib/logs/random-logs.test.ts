import { readTexts, timeAt, timeText, writeLog } from "./log-text";

// Logs made at random, long enough for several blocks, read by the reader and by a few plain lines below.

interface LogEntry {
  /** Seconds after the first; undefined for a line in no format. */
  second: number | undefined;
  stream: "out" | "err";
  tag: "P" | "F";
  text: string;
}

interface Wanted {
  since?: number;
  until?: number;
  tail?: number;
  stream?: "stdout" | "stderr";
}

/** The numbers of a seed: each run tests the same. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function makeLog(
  pick: (below: number) => number,
  count: number,
  pieces: boolean,
  steps: boolean,
): LogEntry[] {
  let second = 0;
  return Array.from({ length: count }, (_, index) => {
    second += pick(3);
    // A clock that is set, back or forth.
    if (steps && pick(60) === 0) second = pick(2 * count);
    const length = pick(40) === 0 ? 8192 : pick(120);
    return {
      second: pick(15) === 0 ? undefined : second,
      stream: pick(3) === 0 ? "err" : "out",
      tag: pieces && pick(3) === 0 ? "P" : "F",
      text: `${index} ${"abcdefgh ".repeat(length / 9)}`,
    };
  });
}

function textOf(log: readonly LogEntry[]): string {
  return log
    .map(({ second, stream, tag, text }) =>
      second === undefined ? `${text}\n` : `${timeText(second)} std${stream} ${tag} ${text}\n`,
    )
    .join("");
}

/** What the reader must give, by going through the whole log. */
function expected(log: readonly LogEntry[], { since, until, tail, stream }: Wanted): string[] {
  const lines: { text: string; wanted: boolean; position: number; ended: boolean }[] = [];
  const open: Partial<Record<string, (typeof lines)[number]>> = {};
  const timed = log.some(({ second }) => second !== undefined);
  let wanted = since === undefined || !timed;
  log.forEach((entry, position) => {
    const { second } = entry;
    if (second !== undefined) wanted = second >= (since ?? -Infinity) && second <= (until ?? Infinity);
    const name = second === undefined ? "out" : entry.stream;
    if (stream !== undefined && stream !== `std${name}`) return;
    const begun = second === undefined ? undefined : open[entry.stream];
    const line = begun ?? { text: `${name}:`, wanted, position, ended: false };
    line.text += entry.text;
    line.position = position;
    line.ended = second === undefined || entry.tag === "F";
    if (second !== undefined) open[entry.stream] = line.ended ? undefined : line;
    if (line.ended) lines.push(line);
  });
  const all = [...lines, ...[open.out, open.err].flatMap((line) => line ?? [])]
    .filter((line) => line.wanted)
    .map((line) => (line.ended ? line : { ...line, text: `${line.text}~` }));
  const isLast = lastOf(all, tail, since !== undefined || until !== undefined);
  return all.filter(isLast).map(({ text }) => text);
}

/** The last lines: with times those printed last, without those that stand last in the log. */
function lastOf<T extends { position: number }>(
  all: T[],
  tail = all.length,
  timed = false,
): (line: T, index: number) => boolean {
  if (timed) return (_, index) => index >= all.length - tail;
  const positions = all.map(({ position }) => position).sort((a, b) => a - b);
  const first = tail === 0 ? Infinity : (positions.at(-tail) ?? -Infinity);
  return ({ position }) => position >= first;
}

describe.each([
  ["whole lines", false, false],
  ["lines in pieces", true, false],
  ["whole lines, the clock set back and forth", false, true],
  ["lines in pieces, the clock set back and forth", true, true],
])("%s", (_, pieces, steps) => {
  test.each(Array.from({ length: 12 }, (_, seed) => [seed]))("seed %d", async (seed) => {
    const pick = random(seed * 7919 + 1);
    const log = makeLog(pick, 1 + pick(4000), pieces, steps);
    const path = writeLog(textOf(log));
    const lastSecond = log.at(-1)?.second ?? log.length;
    for (let round = 0; round < 12; round++) {
      const chosen: Wanted = {
        ...(pick(2) === 0 ? { stream: pick(2) === 0 ? "stdout" : "stderr" } : {}),
        ...(pick(2) === 0 ? { until: pick(lastSecond + 3) - 1 } : {}),
        ...(pick(2) === 0 ? { since: pick(lastSecond + 3) - 1 } : {}),
        ...(pick(2) === 0 ? { tail: pick(2) === 0 ? pick(5) : pick(log.length + 10) } : {}),
      };
      const { since, until, tail, stream } = chosen;
      const texts = await readTexts(path, {
        tail,
        stream,
        since: since === undefined ? undefined : timeAt(since),
        until: until === undefined ? undefined : timeAt(until),
      });
      expect({ chosen, texts }).toEqual({ chosen, texts: expected(log, chosen) });
    }
  });
});
