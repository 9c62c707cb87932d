/*
 * Which runtime the configuration gives to a container, by what that asks for (`choice.ts`).
 */
import { basename } from "node:path";
import { runtimeHandler, type Config } from "../../config";
import type { RuntimeHandler as ConfiguredHandler } from "../../config/runtime-handlers";
import { KpodError, tolerate } from "../../errors";
import { findExecutable } from "../../system/executable";
import type { RuntimeChoice } from "./choice";

/** What of the configuration says which runtime runs a container. */
export type RuntimeConfigPart = Pick<
  Config,
  "runtime" | "runtimeUntrustedWorkload" | "defaultWorkloadTrust" | "conmon" | "defaultRuntime" | "runtimes"
> &
  Partial<Pick<Config, "crio" | "crioDefaults" | "isDefault">>;

/** A runtime as it is called. */
export interface RuntimeHandler {
  /** Name in the table of runtimes, or the name of the program. */
  name: string;
  path: string;
  /** Directory of the runtime's own state; "" for its default. */
  root: string;
  /** The conmon that goes with it. */
  monitor: string;
  /** `vm` for one that runs virtual machines and has no command line that could be asked. */
  type?: "vm";
}

const builtInRuntime = "/usr/bin/runc";

/**
 * Finds the runtime for a container. With a table of runtimes (CRI-O 1.12 and later) the pod's handler or the
 * default one; without, the rules of CRI-O 1.0: a privileged container is trusted always; one that the
 * kubelet calls untrusted, or of which it says nothing while the default is untrusted, goes to the untrusted
 * runtime where there is one; all others go to the trusted one.
 * @throws KpodError RUNTIME_FAILED when the program is not there, BAD_CONFIG for an unknown handler
 */
export function chooseRuntime(config: RuntimeConfigPart, choice: RuntimeChoice): RuntimeHandler {
  const name = choice.handler === "" ? defaultName(config) : choice.handler;
  const defaultRoot = config.crioDefaults?.runtimeRoot ?? "";
  const entry = runtimeHandler(config, name);
  if (entry !== undefined) {
    const monitor = entry.monitorPath === "" ? config.conmon : entry.monitorPath;
    const program = programOf(entry, name, config, choice);
    // Of CRI-O's default it is for every handler, whatever its program.
    const common = { name, root: entry.runtimeRoot === "" ? defaultRoot : entry.runtimeRoot, monitor };
    // Its program, a shim, is not called: it may be missing without harm.
    if (entry.runtimeType === "vm") return { ...common, path: program, type: "vm" };
    return { ...common, path: existingRuntime(program, `/usr/bin/${name}`) };
  }
  // CRI-O knows these two without a table of their own.
  if ((name === "crun" || name === "runc") && config.runtime === builtInRuntime) {
    const path = existingRuntime(name, `/usr/bin/${name}`);
    return { name, path, root: defaultRoot, monitor: config.conmon };
  }
  if (choice.handler !== "" && Object.keys(config.runtimes).length > 0) {
    throw new KpodError(
      "BAD_CONFIG",
      `the pod asks for runtime handler ${choice.handler}, which is not configured`,
      {
        hint: `add [crio.runtime.runtimes.${choice.handler}] to crio.conf`,
      },
    );
  }
  const wanted = trustedPath(config, choice);
  // Nobody chose runc where it is not even installed: CRI-O's own default has become crun.
  const crun =
    wanted === builtInRuntime && findExecutable("", "runc") === undefined
      ? findExecutable("", "crun")
      : undefined;
  const path = crun ?? existingRuntime(wanted, builtInRuntime);
  return { name: basename(path), path, root: defaultRoot, monitor: config.conmon };
}

/** The default handler. Where only a guess makes it the one that is not installed, it is the other one. */
function defaultName(config: RuntimeConfigPart): string {
  const { defaultRuntime, crio } = config;
  if (crio?.known !== false || config.isDefault?.("defaultRuntime") !== true) return defaultRuntime;
  if (runtimeHandler(config, "") !== undefined) return defaultRuntime;
  const other = defaultRuntime === "crun" ? "runc" : "crun";
  const installed = [defaultRuntime, other].find((name) => findExecutable("", name) !== undefined);
  return installed ?? defaultRuntime;
}

/** The program of a handler: for the container's platform where there is one of its own, else as configured. */
function programOf(
  entry: ConfiguredHandler,
  name: string,
  { defaultRuntime }: RuntimeConfigPart,
  { platformPath = "" }: RuntimeChoice,
): string {
  // On an older CRI-O it could be anybody's annotation, and is no reason to run what it names.
  if (Object.values(entry.platformRuntimePaths).includes(platformPath)) return platformPath;
  if (entry.runtimePath !== "") return entry.runtimePath;
  return entry.inheritDefaultRuntime ? defaultRuntime : name;
}

/**
 * Makes sure that a runtime can be called.
 * @param what the beginning of the message for one that cannot
 * @throws KpodError UNSUPPORTED for one that runs virtual machines
 */
export function requireCallable(
  { name, type }: Pick<RuntimeHandler, "name" | "type">,
  what = `the runtime ${name} runs virtual machines`,
): void {
  if (type !== "vm") return;
  throw new KpodError("UNSUPPORTED", `${what}, which only CRI-O can drive`, {
    hint: "use crictl while CRI-O runs",
  });
}

/** As {@link chooseRuntime}; undefined for a handler that is not configured, or whose program is not there. */
export function findRuntime(config: RuntimeConfigPart, choice: RuntimeChoice): RuntimeHandler | undefined {
  return tolerate(undefined, () => chooseRuntime(config, choice));
}

/**
 * All handlers that the configuration names and whose programs are there. One that is not installed has no
 * containers here; who asks for it by name is told.
 */
export function configuredHandlers(config: RuntimeConfigPart): RuntimeHandler[] {
  return Object.keys(config.runtimes).flatMap(
    (handler) => findRuntime(config, { handler, trusted: undefined, privileged: false }) ?? [],
  );
}

function trustedPath(config: RuntimeConfigPart, { trusted, privileged }: RuntimeChoice): string {
  const untrusted = config.runtimeUntrustedWorkload;
  if (privileged || untrusted === "") return config.runtime;
  const isTrusted = trusted ?? config.defaultWorkloadTrust !== "untrusted";
  return isTrusted ? config.runtime : untrusted;
}

function existingRuntime(configured: string, builtIn: string): string {
  // A name without a path is one to look for.
  const bare = !configured.includes("/");
  const path = bare ? findExecutable("", configured || builtIn) : findExecutable(configured, builtIn);
  if (path !== undefined) return path;
  throw new KpodError("RUNTIME_FAILED", `the OCI runtime ${configured} is not there or cannot be executed`, {
    hint: "install it (Debian: apt-get install runc) or name another with --runtime",
  });
}
