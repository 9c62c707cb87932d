/*
 * What conmon is called with: of the options that CRI-O gives it, those that this conmon knows.
 */
import { basename } from "node:path";
import { KpodError } from "../../errors";
import type { Logger } from "../../logger";
import { runtimeOptions } from "../runtime/call";
import type { RuntimeHandler } from "../runtime/handler";

/** What conmon needs to make a container and to watch it. */
export interface ConmonRequest {
  /** Path of conmon. */
  conmon: string;
  handler: RuntimeHandler;
  id: string;
  name: string;
  bundlePath: string;
  /** The container's directory that lives through a reboot: conmon writes `exit` and `oom` there too. */
  persistDir: string;
  exitsDir: string;
  attachSocketDir: string;
  logPath: string;
  /** Bytes after which conmon starts the log anew; negative for never. */
  logSizeMax: number;
  noPivot: boolean;
  systemdCgroup: boolean;
  terminal: boolean;
  stdin: boolean;
  /** Who is attached and has no more input does not close that of the container. */
  leaveStdinOpen: boolean;
  /** Has the runtime restore the container in the place of creating it. */
  restore?: RestoreSource | undefined;
  /** `NAME=value` for conmon and the runtime below it. */
  env: readonly string[];
  /** Called with conmon's pid before it makes the container: the time to move it into its own cgroup. */
  onMonitorStarted?: (pid: number) => void | Promise<void>;
  /** Milliseconds that making the container may take. */
  timeLimitMs: number;
  /** Is told of the call. */
  logger?: Logger | undefined;
  /** Ends the wait for it. */
  signal?: AbortSignal | undefined;
}

/** Of what a container is restored. */
export interface RestoreSource {
  /** The directory with the images of criu. */
  readonly images: string;
  /** Options for the runtime's own command. */
  readonly options: readonly string[];
}

/** An option that conmon is to be given. */
interface ConmonOption {
  /** What versions of conmon call it; the first that is known is used. */
  readonly names: readonly string[];
  readonly value?: string;
  /** False for what a conmon that does not know it does without. */
  readonly needed: boolean;
}

/** Characters of its help that are read. */
const longestHelp = 65_536;

/** Milliseconds in which conmon is to say which options it knows. */
const helpTimeLimit = 10_000;

/**
 * The arguments to call conmon with: of what CRI-O gives it, all that this conmon knows. That of CRI-O 1.0 ends at every option
 * that came later.
 * @throws KpodError CONMON_FAILED when it does not know what cannot be done without, or does not answer
 */
export async function conmonArguments(request: ConmonRequest): Promise<string[]> {
  const known = await knownOptions(request);
  return optionsFor(request).flatMap(({ names, value, needed }) => {
    // One that does not tell what it knows is taken for one of today.
    const name = known === undefined ? names[0] : names.find((candidate) => known.has(candidate));
    if (name !== undefined) return value === undefined ? [name] : [name, value];
    if (!needed) return [];
    throw new KpodError(
      "CONMON_FAILED",
      `${request.conmon} does not know the option ${names.at(-1) ?? ""}, without which ${request.name} cannot be made`,
      { hint: "install a newer conmon" },
    );
  });
}

function optionsFor(request: ConmonRequest): ConmonOption[] {
  const { bundlePath } = request;
  const flag = (wanted: boolean, ...names: string[]): ConmonOption[] =>
    wanted ? [{ names, needed: true }] : [];
  return [
    { names: ["-b", "--bundle"], value: bundlePath, needed: true },
    { names: ["-c", "--cid"], value: request.id, needed: true },
    { names: ["--exit-dir"], value: request.exitsDir, needed: true },
    { names: ["-l", "--log-path"], value: request.logPath, needed: true },
    { names: ["--log-level"], value: "info", needed: false },
    { names: ["-n", "--name"], value: request.name, needed: false },
    { names: ["-P", "--conmon-pidfile"], value: `${bundlePath}/conmon-pidfile`, needed: false },
    { names: ["-p", "--pidfile", "--container-pidfile"], value: `${bundlePath}/pidfile`, needed: true },
    { names: ["--persist-dir"], value: request.persistDir, needed: false },
    { names: ["-r", "--runtime"], value: request.handler.path, needed: true },
    ...runtimeRoot(request),
    { names: ["--socket-dir-path"], value: request.attachSocketDir, needed: false },
    { names: ["-u", "--cuuid"], value: request.id, needed: false },
    ...flag(request.systemdCgroup, "-s", "--systemd-cgroup"),
    ...flag(request.terminal, "-t", "--terminal"),
    ...flag(request.stdin && !request.terminal, "-i", "--stdin"),
    ...flag(request.stdin && !request.terminal && request.leaveStdinOpen, "--leave-stdin-open"),
    ...flag(request.noPivot, "--no-pivot"),
    ...(request.logSizeMax < 0
      ? []
      : [{ names: ["--log-size-max"], value: String(request.logSizeMax), needed: true }]),
    ...restoring(request),
  ];
}

function restoring({ restore }: ConmonRequest): ConmonOption[] {
  if (restore === undefined) return [];
  return [
    { names: ["--restore"], value: restore.images, needed: true },
    ...restore.options.map((value) => ({ names: ["--runtime-opt"], value, needed: true })),
  ];
}

/** A runtime that keeps its state where it does by default need not be told where. */
function runtimeRoot({ handler }: ConmonRequest): ConmonOption[] {
  const usual = `/run/${basename(handler.path)}`;
  return runtimeOptions(handler, false).flatMap((option, index, all) => {
    if (option !== "--root") return [];
    const root = all[index + 1] ?? "";
    return [
      {
        names: ["--runtime-arg"],
        value: `--root=${root}`,
        needed: root !== usual && root !== `/var${usual}`,
      },
    ];
  });
}

/** The options that `conmon --help` lists, short and long ones; undefined when it lists none. */
async function knownOptions({
  conmon,
  bundlePath,
  signal,
}: ConmonRequest): Promise<ReadonlySet<string> | undefined> {
  const text = await helpOf(conmon, bundlePath, signal);
  if (text === undefined && signal?.aborted !== true) {
    throw new KpodError("CONMON_FAILED", `${conmon} --help did not answer within ${helpTimeLimit / 1000} s`, {
      hint: "conmon hangs: look at its processes",
    });
  }
  const options = [...(text ?? "").matchAll(/^ +(?:(-\w), )?(--[a-z][a-z0-9-]*)/gm)].flatMap(
    ([, short, long]) => [short, long].filter((name) => name !== undefined),
  );
  return options.length === 0 ? undefined : new Set(options);
}

/** What `conmon --help` prints; undefined when the time is up. */
async function helpOf(
  conmon: string,
  cwd: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const { spawn } = await import("node:child_process");
  const child = spawn(conmon, ["--help"], { cwd, stdio: ["ignore", "pipe", "ignore"], detached: true });
  if (child.pid === undefined) {
    // Whoever starts it in earnest says why it cannot be started; not on every engine has such a one streams.
    child.once("error", () => {});
    return "";
  }
  return new Promise((resolve) => {
    let text = "";
    const finish = (answer: string | undefined): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      child.stdout.destroy();
      child.unref();
      resolve(answer);
    };
    const stop = (): void => {
      child.kill("SIGKILL");
      finish(undefined);
    };
    const timer = setTimeout(stop, helpTimeLimit);
    signal?.addEventListener("abort", stop);
    child.stdout.setEncoding("utf8");
    child.stdout.on("data", (chunk: string) => {
      // That of today takes 3 KB.
      if (text.length < longestHelp) text += chunk;
    });
    child.once("close", () => {
      finish(text);
    });
    // Whoever starts it in earnest says why it cannot be started.
    child.once("error", () => {
      finish("");
    });
  });
}
