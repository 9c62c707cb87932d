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

function makeLog(pick: (below: number) => number, count: number, pieces: boolean): LogEntry[] {
  let second = 0;
  return Array.from({ length: count }, (_, index) => {
    second += pick(3);
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
function expected(log: readonly LogEntry[], { since = -Infinity, until = Infinity, tail, stream }: Wanted) {
  const lines: { text: string; second: number; position: number; ended: boolean }[] = [];
  const open: Partial<Record<string, (typeof lines)[number]>> = {};
  let second = -Infinity;
  let past = false;
  log.forEach((entry, index) => {
    const begun = entry.second === undefined ? undefined : open[entry.stream];
    second = entry.second ?? second;
    past ||= second > until;
    const position = past ? (begun?.position ?? index) : index;
    const name = entry.second === undefined ? "out" : entry.stream;
    if (stream !== undefined && stream !== `std${name}`) return;
    const line = begun ?? { text: `${name}:`, second, position, ended: false };
    line.text += entry.text;
    line.position = position;
    line.ended = entry.second === undefined || entry.tag === "F";
    if (entry.second !== undefined) open[entry.stream] = line.ended ? undefined : line;
    if (line.ended) lines.push(line);
  });
  const wanted = [...lines, ...[open.out, open.err].flatMap((line) => line ?? [])]
    .filter((line) => line.second >= since && line.second <= until)
    .map((line) => (line.ended ? line : { ...line, text: `${line.text}~` }));
  if (tail === undefined) return wanted.map(({ text }) => text);
  const last = wanted.map(({ position }) => position).sort((a, b) => a - b);
  const first = tail === 0 ? Infinity : (last.at(-tail) ?? -Infinity);
  return wanted.filter(({ position }) => position >= first).map(({ text }) => text);
}

describe.each([
  ["whole lines", false],
  ["lines in pieces", true],
])("%s", (_, pieces) => {
  test.each(Array.from({ length: 12 }, (_, seed) => [seed]))("seed %d", async (seed) => {
    const pick = random(seed * 7919 + 1);
    const log = makeLog(pick, 1 + pick(4000), pieces);
    const path = writeLog(textOf(log));
    const lastSecond = log.at(-1)?.second ?? log.length;
    for (let round = 0; round < 12; round++) {
      const chosen: Wanted = {
        ...(pick(2) === 0 ? { stream: pick(2) === 0 ? "stdout" : "stderr" } : {}),
        ...(pick(2) === 0 ? { until: pick(lastSecond + 3) - 1 } : {}),
        ...(pick(2) === 0 ? { tail: pick(2) === 0 ? pick(5) : pick(log.length + 10) } : {}),
      };
      // A line that began before since and ends after it is left out, but counts for tail where it is in pieces.
      if (pick(2) === 0 && !(pieces && chosen.tail !== undefined)) chosen.since = pick(lastSecond + 3) - 1;
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
