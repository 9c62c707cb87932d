import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { reasonInLog } from "../checkpoint/criu-log";
import { members } from "../checkpoint/format";
import { KpodError, orFileError } from "../errors";
import type { Container } from "../oci/container";
import { findExecutable } from "../system/executable";
import { removeIfThere } from "../system/files";
import { removeTree } from "../system/remove-tree";

/** Removes the checkpoint that a container keeps, and what criu wrote beside it; none is fine. @throws KpodError IO, NOT_PERMITTED */
export function removeCheckpoint({ dir, bundlePath }: Pick<Container, "dir" | "bundlePath">): void {
  removeTree(join(dir, members.images));
  const left = [
    ...[members.dumpLog, members.stats].map((name) => join(dir, name)),
    ...[members.restoreLog, members.restoreStats].map((name) => join(bundlePath, name)),
  ];
  for (const path of left) removeIfThere(path);
}

/**
 * Makes sure that criu gives a container back its SELinux label. One that was built without SELinux, as Debian's, dumps any
 * container, and then restores none that has a label.
 * @param cannot what cannot be done, for the message
 * @throws KpodError UNSUPPORTED; NOT_PERMITTED, IO
 */
export function requireCriuWithLabels(label: string | undefined, cannot: string): void {
  const criu = findExecutable("", "criu");
  if (label === undefined || label === "" || criu === undefined) return;
  const text = orFileError(`cannot read ${criu}`, () => readFileSync(criu));
  if (text.includes("libselinux") || text.includes("selinuxfs")) return;
  throw new KpodError(
    "UNSUPPORTED",
    `${cannot}: it has an SELinux label, and ${criu} was built without SELinux, so it could not be restored`,
    { hint: "install a criu that was built with SELinux" },
  );
}

/** What to do where criu fails so. */
const remedies: readonly (readonly [RegExp, string])[] = [
  [/tcp-established|connected tcp/i, "--tcp-established keeps connections"],
  [/vdso|kernel features|kerndat/i, "this criu does not fit the kernel of the node: install a newer criu"],
];

/**
 * The error for a runtime whose criu failed.
 * @param logPath its log
 * @param stays false for a log that is removed with what is rolled back
 */
export function criuError(cannot: string, logPath: string, error: unknown, stays = true): unknown {
  if (!(error instanceof KpodError) || !["RUNTIME_FAILED", "CONMON_FAILED"].includes(error.code))
    return error;
  const reason = reasonInLog(logPath);
  const said = reason === undefined ? error.message : `criu: ${reason}`;
  const remedy = remedies.find(([pattern]) => pattern.test(said))?.[1];
  const log = stays && existsSync(logPath) ? `the log of criu is ${logPath}` : undefined;
  return new KpodError("RUNTIME_FAILED", `${cannot}: ${said}`, { cause: error, hint: remedy ?? log });
}
