import { boolean, text, texts, stringTable, type ConfigKeys } from "./keys";

/** A runtime that pods may name as their handler: a table `[crio.runtime.runtimes.NAME]`. */
export interface RuntimeHandler {
  /** Path of the OCI runtime, "" to look for the handler's name in $PATH (`runtime_path`). */
  runtimePath: string;
  /** `oci`, `vm` for virtual machines, "" for `oci` (`runtime_type`). */
  runtimeType: string;
  /** Directory of the runtime's own state, "" for CRI-O's default (`runtime_root`). */
  runtimeRoot: string;
  /** Path of conmon, "" to look for it in $PATH (`monitor_path`, since CRI-O 1.24). */
  monitorPath: string;
  /** Cgroup for conmon: "", `pod`, or a slice (`monitor_cgroup`, since CRI-O 1.24). */
  monitorCgroup: string;
  /** Environment of conmon (`monitor_env`, since CRI-O 1.24). */
  monitorEnv: string[];
  /** Paths of the runtime by platform, such as `linux/arm64` (`platform_runtime_paths`, since CRI-O 1.28). */
  platformRuntimePaths: Record<string, string>;
  /** Whether privileged containers go without the host's devices (`privileged_without_host_devices`). */
  privilegedWithoutHostDevices: boolean;
  /** Whether path, type and root are those of the default handler (`inherit_default_runtime`). */
  inheritDefaultRuntime: boolean;
}

/** A handler of which nothing is set. */
export function defaultRuntimeHandler(): RuntimeHandler {
  return {
    runtimePath: "",
    runtimeType: "",
    runtimeRoot: "",
    monitorPath: "",
    monitorCgroup: "",
    monitorEnv: [],
    platformRuntimePaths: {},
    privilegedWithoutHostDevices: false,
    inheritDefaultRuntime: false,
  };
}

export const handlerKeys: ConfigKeys<RuntimeHandler> = {
  runtimePath: { name: "runtime_path", kind: text },
  runtimeType: { name: "runtime_type", kind: text, later: true },
  runtimeRoot: { name: "runtime_root", kind: text, later: true },
  monitorPath: { name: "monitor_path", kind: text, later: true },
  monitorCgroup: { name: "monitor_cgroup", kind: text, later: true },
  monitorEnv: { name: "monitor_env", kind: texts, later: true },
  platformRuntimePaths: { name: "platform_runtime_paths", kind: stringTable, later: true },
  privilegedWithoutHostDevices: { name: "privileged_without_host_devices", kind: boolean, later: true },
  inheritDefaultRuntime: { name: "inherit_default_runtime", kind: boolean, later: true },
};

/**
 * The handler of a pod, with what it takes from the default one filled in.
 * @param name as the pod's annotation RuntimeHandler has it; "" stands for the default handler
 * @returns undefined when no such handler is configured: `config.runtime` is then the runtime
 */
export function runtimeHandler(
  config: { readonly defaultRuntime: string; readonly runtimes: Readonly<Record<string, RuntimeHandler>> },
  name: string,
): RuntimeHandler | undefined {
  const find = (key: string): RuntimeHandler | undefined =>
    Object.hasOwn(config.runtimes, key) ? config.runtimes[key] : undefined;
  const handler = find(name === "" ? config.defaultRuntime : name);
  const fallback = find(config.defaultRuntime);
  if (handler?.inheritDefaultRuntime !== true || fallback === undefined) return handler;
  const { runtimePath, runtimeType, runtimeRoot } = fallback;
  return { ...handler, runtimePath, runtimeType, runtimeRoot };
}
