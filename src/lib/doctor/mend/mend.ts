import { KpodError } from "../../errors";
import type { ServerParts } from "../../server-parts";
import type { Store } from "../../storage/store";
import { checks } from "../check-list";
import { check as layerIncomplete } from "../checks/layer-incomplete";
import { lookOnce } from "../examine";
import { Facts, type LookOptions } from "../facts";
import { crioRuns } from "../forecast";
import type { Finding } from "../finding";
import { isOutside, type MendStep, type OutsideStep } from "../step";
import {
  Journal,
  readJournals,
  unfinishedIn,
  type JournalEntry,
  type JournalText,
  type Was,
} from "./journal";
import { doneOutside, performOutside } from "./outside";
import { Mending } from "./mending";
import { revert } from "./revert";
import { before, perform, type InsideStep, type MendParts } from "./steps";

/**
 * Why a finding is not mended; undefined where it can be.
 * @param crioAnswers whether a CRI-O runs on the store
 */
export function refusalOf({ mend }: Finding, crioAnswers: boolean): string | undefined {
  if (mend.class === "N") return `no tool mends it: ${mend.what}`;
  if (mend.steps === undefined) return "it is told how, but not done by kpod";
  if (mend.class === "X" && crioAnswers) return "CRI-O answers: stop it first";
  return undefined;
}

/**
 * Mends a finding: it is looked for once more, and then again under the locks of the store, journaled, and done. Where a step
 * fails, those before it are rolled back.
 * @returns what was mended: findings of layers that were made or deleted by half, which every change of the store takes away
 *   first, and the finding itself
 * @throws KpodError NOT_FOUND when it is gone meanwhile, BAD_STATE when it cannot be mended as things stand, LOCK_TIMEOUT, IO
 */
export async function mendFinding(
  server: ServerParts,
  { finding: name, id }: Pick<Finding, "finding" | "id">,
  journal: Journal,
  options: LookOptions,
): Promise<readonly string[]> {
  server.requireNode();
  const facts = new Facts(server, options);
  const finding = required(await findAgain(facts, id, name), name);
  const refusal = refusalOf(finding, await facts.get(crioRuns));
  if (refusal !== undefined) throw new KpodError("BAD_STATE", `${name} stays: ${refusal}`);
  const steps = finding.mend.steps ?? [];
  const outside = steps.filter(isOutside);
  const mending = new Mending(journal, name);
  const further: string[] = [];
  try {
    if (outside.length > 0) await performAllOutside(server, mending, finding.mend.what, outside);
    if (outside.length < steps.length) {
      const latest = outside.length === 0 ? facts : new Facts(server, options);
      // What cannot be found out under the locks is to be known by then; often nothing is left.
      if (latest === facts || (await findAgain(latest, id, name)) !== undefined)
        further.push(...(await mendInside(server, mending, finding, latest)));
    }
  } catch (error) {
    mending.fail();
    throw error;
  }
  mending.end();
  return [...further, name];
}

/**
 * Does the steps under the locks, where it is still at odds there.
 * @param before the facts of just before
 * @returns the other findings that taking the locks has mended, which are journaled each
 * @throws KpodError NOT_FOUND where somebody else has mended it
 */
async function mendInside(
  server: ServerParts,
  mending: Mending,
  { finding: name, id, mend }: Finding,
  before: Facts,
): Promise<readonly string[]> {
  const { findings: byHalf } = await lookOnce([layerIncomplete], before);
  return underLocks(server.store, async (parts) => {
    const still = await findAgain(new Facts(server, { ...before.options, before }), id, name);
    const { clearedLayers } = parts.staging;
    const isCleared = (step: MendStep): step is InsideStep =>
      step.do === "delete-layer" && clearedLayers.has(step.layer);
    // That they are done once more does no harm, and so the journal has them.
    const cleared = (mend.steps ?? []).filter(isCleared);
    const others = byHalf.filter(
      ({ finding, object }) => finding !== name && !cleared.some((step) => isOf(step, object.id)),
    );
    const further = others.flatMap(({ finding, object, mend: { what, steps = [] } }) => {
      const own = steps.filter(isCleared).filter((step) => isOf(step, object.id));
      if (own.length === 0) return [];
      const one = new Mending(mending.journal, finding);
      performAll(own, what, parts, one);
      one.end();
      return [finding];
    });
    const left = (still?.mend.steps ?? []).filter((step): step is InsideStep => !isOutside(step));
    const steps = [...cleared, ...left];
    if (steps.length > 0) performAll(steps, (still?.mend ?? mend).what, parts, mending);
    // What was done before may have been all of it.
    else if (!mending.isBegun && further.length === 0) required(still, name);
    return further;
  });
}

function isOf(step: MendStep, layer: string | undefined): boolean {
  return step.do === "delete-layer" && step.layer === layer;
}

async function findAgain(facts: Facts, id: string, name: string): Promise<Finding | undefined> {
  const { findings, unknown } = await lookOnce(
    checks.filter((check) => check.id === id),
    facts,
  );
  const found = findings.find(({ finding }) => finding === name);
  const [first] = unknown;
  // Whether it is gone cannot be told then.
  if (found === undefined && first !== undefined)
    throw new KpodError("BAD_STATE", `${name} stays: ${first.why}`);
  return found;
}

function required(finding: Finding | undefined, name: string): Finding {
  if (finding !== undefined) return finding;
  throw new KpodError("NOT_FOUND", `${name} is gone meanwhile: nothing is at odds there`);
}

async function performAllOutside(
  server: ServerParts,
  mending: Mending,
  what: string,
  steps: readonly OutsideStep[],
): Promise<void> {
  const first = mending.add(what, steps);
  for (const [index, step] of steps.entries()) {
    mending.before(first + index, { kind: "nothing" });
    await performOutside(server, step);
    mending.kept.push(doneOutside(step));
    mending.done(first + index);
  }
}

function performAll(steps: readonly InsideStep[], what: string, parts: MendParts, mending: Mending): void {
  const first = mending.add(what, steps);
  const was = new Map<number, Was>();
  try {
    for (const [index, step] of steps.entries()) {
      const there = before(step, parts, mending.journal);
      mending.before(first + index, there);
      was.set(index, there);
      perform(step, parts);
      mending.done(first + index);
    }
  } catch (error) {
    mending.kept.push(...revertAll({ steps, was }, parts, mending.journal));
    throw error;
  }
}

/**
 * Puts back what was there before the steps of an entry, the last one first.
 * @returns what could not be, a clause each
 */
function revertAll(
  { steps, was }: Pick<JournalEntry, "steps" | "was">,
  parts: MendParts,
  { directory }: Journal,
): string[] {
  return [...was]
    .sort(([a], [b]) => b - a)
    .flatMap(([index, there]) => {
      const step = steps[index];
      if (step === undefined) return [];
      return isOutside(step) ? [doneOutside(step)] : (revert(step, there, parts, directory) ?? []);
    });
}

/** Does something under all locks of a store. */
function underLocks<T>(store: Store, action: (parts: MendParts) => T | Promise<T>): Promise<T> {
  const { layout } = store;
  return store.removing("write", (parts, touches) => {
    const touchOf = (file: string): (() => void) => {
      if (layout.containersFiles.includes(file)) return touches.containers;
      if ([layout.imagesFile, ...layout.furtherImagesFiles].includes(file)) return touches.images;
      return file === layout.mountsFile ? touches.mounts : parts.touch.layers;
    };
    return action({ ...parts, touchOf });
  });
}

/** What became of the mendings that broke off. */
export interface Ended {
  readonly findings: readonly string[];
  /** Why others cannot be ended as things stand. */
  readonly failures: readonly KpodError[];
}

/**
 * Ends the mendings of a store that broke off, as every mending should begin: what is still at odds of what they were to
 * mend is looked for anew and mended, since others may have been at work on it. One that somebody is at is left to them.
 * @throws KpodError CORRUPT, LOCK_TIMEOUT, IO
 */
export async function endUnfinished(server: ServerParts, options: LookOptions): Promise<Ended> {
  const findings: string[] = [];
  const failures: KpodError[] = [];
  for (const text of readJournals(server.config)) {
    if (text.root !== server.config.root || unfinishedIn(text).length === 0) continue;
    const journal = Journal.resume(text);
    if (journal === undefined) continue;
    try {
      for (const entry of unfinishedIn(journal)) {
        const failure = await endMending(server, entry, journal, options);
        if (failure === undefined) {
          journal.end(entry.number);
          findings.push(entry.finding);
        } else failures.push(failure);
      }
    } finally {
      journal.close();
    }
  }
  return { findings, failures };
}

async function endMending(
  server: ServerParts,
  entry: JournalEntry,
  journal: Journal,
  options: LookOptions,
): Promise<KpodError | undefined> {
  const { finding } = entry;
  try {
    await mendFinding(server, { finding, id: finding.replace(/:.*/, "") }, journal, options);
    return undefined;
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    if (error.code === "BAD_STATE") return error;
    if (error.code !== "NOT_FOUND") throw error;
    // What was done of it has been enough, or somebody else has mended it.
    await endRemovals(server, entry);
    return undefined;
  }
}

/**
 * Ends the removals of pods that broke off: the first thing done for one is to persist that the pod is stopped, by which it is
 * no longer at odds, though its processes may still run. It never runs again, so nobody can have mended it meanwhile.
 */
async function endRemovals(server: ServerParts, { steps, was }: JournalEntry): Promise<void> {
  for (const [index, step] of steps.entries()) {
    if (step.do !== "delete-pod" || !was.has(index)) continue;
    await server.updateRecords();
    if (server.lists.getSandbox(step.id)?.isMarkedStopped === true) await performOutside(server, step);
  }
}

/** What an undo did. */
export interface Undone {
  readonly findings: readonly string[];
  /** What could not be put back, a clause each. */
  readonly kept: readonly string[];
}

/**
 * Rolls the mendings of a journal back: records, links and files are put back as they were, the last one first. What was
 * deleted stays so.
 * @throws KpodError BAD_STATE while somebody is at it, or for a journal of another store; CORRUPT, LOCK_TIMEOUT, IO
 */
export async function undoJournal(server: ServerParts, text: JournalText): Promise<Undone> {
  if (text.root !== server.config.root)
    throw new KpodError("BAD_STATE", `the journal ${text.time} is one of the store ${text.root}`);
  const journal = Journal.resume(text);
  if (journal === undefined) throw new KpodError("BAD_STATE", `somebody is at the journal ${text.time}`);
  const findings: string[] = [];
  const kept: string[] = [];
  try {
    await underLocks(server.store, (parts) => {
      for (const entry of journal.entries.filter(({ undone }) => !undone).reverse()) {
        const stays = revertAll(entry, parts, journal);
        journal.undone(entry.number, stays);
        kept.push(...stays);
        findings.push(entry.finding);
      }
    });
  } finally {
    journal.close();
  }
  return { findings, kept };
}
