import { hostname } from "node:os";
import { askDaemon } from "../crio/daemon";
import { KpodError } from "../errors";
import type { ServerView } from "../server-parts";
import { findExecutable } from "../system/executable";
import { runProgram } from "../system/run-program";
import { nodeState } from "./node-state";
import { ReportArchive, type MissingSource, type ReportedFile } from "./report-archive";
import { addKernel } from "./report-kernel";
import { addContainers, addNetwork, addRecords, learnSecrets } from "./report-store";
import { SecretMask } from "./secrets";

/** How a report is made. */
export interface ReportOptions {
  /** Takes the bytes of the archive, compressed by gzip. */
  readonly write: (bytes: Uint8Array) => void;
  /** The version of who asks. */
  readonly kpodVersion: string;
  /** What all of it lies in. */
  readonly directory: string;
  /** Bytes of all sources together, before they are compressed. */
  readonly limit: number;
  /** What else is to be in it, by the names of the files; each is written as JSON. */
  readonly further?: Readonly<Record<string, () => Promise<unknown>>>;
  readonly signal?: AbortSignal | undefined;
}

/** What a report holds, and what it lacks. */
export interface Report {
  readonly files: readonly ReportedFile[];
  readonly missing: readonly MissingSource[];
}

/** The name of a report's directory, by the node and the time: `kpod-report-node1-20261127T034500Z`. */
export function reportName(): string {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  return `kpod-report-${hostname().replace(/[^\w.-]/g, "_")}-${time}`;
}

/**
 * Collects what others need to find out what is wrong with this node, as a tar archive: records, states, mounts, cgroups,
 * leases, the configuration, the journals of CRI-O and the kubelet, what CRI-O says of itself. Secrets are hidden. It needs
 * no daemon; what could not be read is told in its manifest.
 * @throws KpodError INTERRUPTED; what `write` throws
 */
export async function writeReport(server: ServerView, options: ReportOptions): Promise<Report> {
  const { write, kpodVersion, directory, limit, signal, further = {} } = options;
  const mask = new SecretMask();
  const archive = new ReportArchive(write, directory, mask, limit);
  const taken = new Date().toISOString();
  // What containers know as secret is hidden also in what comes before them.
  await learnSecrets(server, mask, signal);
  await archive.add("state.json", "kpod state save", "json", async () =>
    JSON.stringify(await nodeState(server, kpodVersion)),
  );
  for (const [file, make] of Object.entries(further)) {
    await archive.add(file, `kpod ${file.replace(/\.json$/, "")}`, "json", async () =>
      JSON.stringify(await make()),
    );
  }
  await addConfiguration(server, archive);
  await addRecords(server, archive);
  await addNetwork(server, archive);
  await addKernel(server, archive, signal);
  await addDaemon(server, archive);
  for (const unit of ["crio", "kubelet"]) await addJournal(archive, unit, server, signal);
  await addContainers(server, archive, signal);
  archive.finish({ kpod: kpodVersion, taken, host: hostname() });
  return { files: archive.files, missing: archive.missing };
}

async function addConfiguration(
  { config }: Pick<ServerView, "config">,
  archive: ReportArchive,
): Promise<void> {
  await archive.add("configuration.toml", "the configuration in force", "text", () => config.toToml());
  await archive.add("configuration-sources.json", "where it comes from", "json", () =>
    JSON.stringify(Object.fromEntries(config.sources)),
  );
  for (const path of config.files) await archive.addFile(path, "text");
}

/** Milliseconds after which a CRI-O that takes connections hangs. */
const patience = 5_000;

/** The stacks of some ten thousand goroutines. */
const longestAnswer = 64 * 1024 * 1024;

async function addDaemon({ config }: Pick<ServerView, "config">, archive: ReportArchive): Promise<void> {
  const { listen } = config;
  const questions = [
    ["/info", "crio/info.json", "json"],
    ["/config", "crio/config.toml", "text"],
    ["/debug/goroutines", "crio/goroutines.txt", "text"],
  ] as const;
  for (const [question, file, masking] of questions) {
    const source = `GET ${question} of ${listen}`;
    if (!listen.startsWith("/")) archive.miss(source, "it is no socket of this node");
    else {
      const answer = await askDaemon(listen, question, patience, longestAnswer);
      if (answer === "nobody") archive.miss(source, "CRI-O does not run");
      else if (answer === "silent")
        archive.miss(source, `CRI-O took the connection and said nothing in ${patience / 1000} s`);
      else if (answer.status !== 200) archive.miss(source, `CRI-O answered with the status ${answer.status}`);
      else await archive.add(file, source, masking, () => answer.text);
    }
  }
}

/** Lines of a journal that a report has at most, and the seconds that these may take. */
const journalLines = 20_000;
const journalSeconds = 30;

async function addJournal(
  archive: ReportArchive,
  unit: string,
  { logger }: Pick<ServerView, "logger">,
  signal: AbortSignal | undefined,
): Promise<void> {
  const source = `journalctl -u ${unit}`;
  const program = findExecutable("journalctl", "/usr/bin/journalctl");
  if (program === undefined) {
    archive.miss(source, "there is no journalctl");
    return;
  }
  const late = AbortSignal.timeout(journalSeconds * 1000);
  await archive.add(`journal/${unit}.log`, source, "text", async () => {
    const words = ["-u", unit, "-n", String(journalLines), "--no-pager", "-q", "-o", "short-iso-precise"];
    const ends = signal === undefined ? late : AbortSignal.any([signal, late]);
    const { failed, stdout, stderr } = await runProgram(program, words, {
      interrupted: `interrupted while reading the journal of ${unit}`,
      signal: ends,
      logger,
    }).catch((error: unknown) => {
      if (!late.aborted || signal?.aborted === true) throw error;
      throw new KpodError("IO", `it took longer than ${journalSeconds} s`);
    });
    if (failed) throw new KpodError("IO", stderr === "" ? "it failed" : stderr);
    if (stdout.trim() === "") throw new KpodError("NOT_FOUND", "the journal has nothing of this unit");
    return stdout;
  });
}
