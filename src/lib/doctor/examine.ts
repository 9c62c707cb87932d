import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf, errorMessage, isNotFound, KpodError } from "../errors";
import type { ServerView } from "../server-parts";
import { readLastWriterId } from "../storage/lock-file";
import type { StoreLayout } from "../storage/layout";
import { sha256 } from "../system/sha256";
import { makeOnce, type Check } from "./check";
import { checks } from "./check-list";
import { Facts, type LookOptions } from "./facts";
import { severities, type Examination, type Finding, type Found, type Unknown } from "./finding";
import { forecast } from "./forecast";

/** What is examined, and how. */
export interface ExamineOptions extends LookOptions {
  /** The checks that are made; all where left out. */
  readonly checks?: readonly Check[];
  /** Only what came about since then, in milliseconds since 1970, where its time is known. */
  readonly since?: number | undefined;
  /** Milliseconds until the second look, which must see the same. */
  readonly secondLookMs?: number;
  /** Ends the wait for it. */
  readonly signal?: AbortSignal | undefined;
}

/** How often it is looked again, as long as others write to the store. */
const mostLooks = 4;

/**
 * Examines a node: makes the checks, and where one finds something, looks a second time, so that what is in motion is not
 * told. It is looked again as long as somebody writes to the store meanwhile. Nothing is changed.
 * @throws KpodError INTERRUPTED
 */
export async function examine(server: ServerView, options: ExamineOptions): Promise<Examination> {
  const { live, quick, since, secondLookMs = 2000, signal } = options;
  const chosen = (options.checks ?? checks).filter(
    (check) => (live || !check.live) && (!quick || check.quick),
  );
  const firstSeen = new Map<string, number>();
  const { layout } = server.store;

  let facts = new Facts(server, options, firstSeen);
  let writers = writersOf(layout);
  let look = await lookOnce(chosen, facts);
  for (let count = 1; !quick && look.findings.length > 0 && count < mostLooks; count++) {
    await sleep(secondLookMs, undefined, signal === undefined ? {} : { signal });
    const again = chosen.filter(({ id }) => look.findings.some((finding) => finding.id === id));
    facts = new Facts(server, options, firstSeen);
    const before = writersOf(layout);
    const next = await lookOnce(again, facts);
    const seen = new Set(look.findings.map(({ finding }) => finding));
    const isCalm = before === writers;
    look = {
      findings: next.findings.filter(({ finding }) => seen.has(finding)),
      unknown: [...look.unknown.filter(({ id }) => !again.some((check) => check.id === id)), ...next.unknown],
    };
    writers = before;
    if (isCalm) break;
  }
  const findings = look.findings
    .filter((finding) => since === undefined || finding.since === undefined || finding.since >= since)
    .sort(worstFirst(chosen));
  return {
    sound: look.unknown.length === 0 && findings.every(({ severity }) => severity === "informs"),
    checks: chosen.map(({ id }) => id),
    unknown: look.unknown,
    forecast: await forecast(facts, findings),
    findings,
  };
}

/** What one look has seen. */
interface Look {
  readonly findings: readonly Finding[];
  readonly unknown: readonly Unknown[];
}

/** Makes the checks once, one after the other. */
export async function lookOnce(chosen: readonly Check[], facts: Facts): Promise<Look> {
  const findings: Finding[] = [];
  const unknown: Unknown[] = [];
  for (const { asks = [] } of chosen) {
    // What fails there fails the check that waits for it.
    for (const fact of asks) facts.get(fact).catch(() => undefined);
  }
  for (const check of chosen) {
    const { id } = check;
    try {
      const { found, unsure } = await makeOnce(check, facts);
      unknown.push(...unsure.map((why) => ({ id, why })));
      findings.push(...found.map((each) => findingOf(id, each)));
    } catch (error) {
      // On a broken disk any file may refuse to be read: all else is looked at.
      if (error instanceof KpodError ? error.code === "INTERRUPTED" : errnoOf(error) === undefined)
        throw error;
      unknown.push({ id, why: errorMessage(error) });
    }
  }
  return { findings, unknown };
}

function findingOf(id: string, found: Found): Finding {
  const { kind, id: objectId = "", path = "", pid = "" } = found.object;
  // What has an id is the same wherever it lies.
  const name = [kind, objectId, objectId === "" ? path : "", pid, found.key ?? ""].join("\0");
  const digits = sha256(name).toString("hex").slice(0, 12);
  return { ...found, id, finding: `${id}:${digits}`, bytes: found.bytes ?? 0 };
}

function worstFirst(order: readonly Check[]): (a: Finding, b: Finding) => number {
  const ranks = new Map(order.map(({ id, rank }) => [id, rank]));
  return (a, b) =>
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    (ranks.get(a.id) ?? 0) - (ranks.get(b.id) ?? 0) ||
    b.bytes - a.bytes ||
    (a.finding < b.finding ? -1 : 1);
}

/** Who has written to the store last, by its lock files: where it is another one, somebody wrote meanwhile. */
function writersOf({ layersLock, imagesLock, containersLock, mountsLock }: StoreLayout): string {
  return [layersLock, imagesLock, containersLock, mountsLock].map(lastWriterOf).join(" ");
}

function lastWriterOf(path: string): string {
  try {
    return readLastWriterId(path).toString("base64");
  } catch (error) {
    // Nobody ever wrote.
    if (isNotFound(error)) return "";
    return "unreadable";
  }
}
