import { release } from "node:os";
import { KpodError } from "../errors";
import { isRecord, parseJson, readTextIfThere } from "../system/files";

/** Where distributions put the profile that goes with containers. */
const commonProfile = "/usr/share/containers/seccomp.json";

/** The profile that CRI-O 1.0 has when nothing is configured. */
const builtInProfile = "/etc/crio/seccomp.json";

const machineOf: Partial<Record<NodeJS.Architecture, string>> = {
  x64: "amd64",
  arm64: "arm64",
  ppc64: "ppc64le",
  s390x: "s390x",
};

/**
 * Reads the seccomp profile for a new container and turns it into the form of the OCI spec: rules that are
 * for other machines, kernels or sets of capabilities are left out.
 * @param configured path from the configuration; "" or the built-in default stand for the first that is there
 * @returns undefined when no profile is there: the container runs without
 * @throws KpodError BAD_CONFIG when a profile that is configured is missing or is none
 */
export function readSeccompProfile(configured: string, capabilities: readonly string[]): unknown {
  const byDefault = configured === "" || configured === builtInProfile;
  const paths = byDefault ? [builtInProfile, commonProfile] : [configured];
  for (const path of paths) {
    const text = readTextIfThere(path);
    if (text === undefined) continue;
    const profile = parseJson(path, text);
    if (!isRecord(profile) || !Array.isArray(profile.syscalls)) {
      throw new KpodError("BAD_CONFIG", `${path} is not a seccomp profile`);
    }
    return convert(profile, profile.syscalls, capabilities);
  }
  if (byDefault) return undefined;
  throw new KpodError("BAD_CONFIG", `the seccomp profile ${configured} is missing`, {
    hint: "correct seccomp_profile in [crio.runtime]",
  });
}

function convert(
  profile: Record<string, unknown>,
  rules: unknown[],
  capabilities: readonly string[],
): unknown {
  const applies = (rule: Record<string, unknown>): boolean =>
    matches(rule.includes, capabilities, true) && !matches(rule.excludes, capabilities, false);
  const { defaultAction, defaultErrnoRet, architectures, flags } = profile;
  return {
    defaultAction,
    ...(typeof defaultErrnoRet === "number" ? { defaultErrnoRet } : {}),
    architectures: Array.isArray(architectures) ? architectures : architecturesOf(profile.archMap),
    ...(Array.isArray(flags) ? { flags } : {}),
    syscalls: rules
      .filter(isRecord)
      .filter(applies)
      .map(({ names, name, action, args, errnoRet }) => ({
        names: Array.isArray(names) ? names : [name],
        action,
        ...(Array.isArray(args) && args.length > 0 ? { args } : {}),
        ...(typeof errnoRet === "number" ? { errnoRet } : {}),
      })),
  };
}

/**
 * Whether a condition of a rule holds. An empty one includes all and excludes none; of several capabilities
 * that include, all are needed, of several that exclude, one is enough.
 */
function matches(condition: unknown, capabilities: readonly string[], including: boolean): boolean {
  if (!isRecord(condition)) return including;
  const { caps, arches, minKernel } = condition;
  const checks: boolean[] = [];
  if (Array.isArray(caps) && caps.length > 0) {
    const has = (capability: unknown): boolean => capabilities.includes(String(capability));
    checks.push(including ? caps.every(has) : caps.some(has));
  }
  if (Array.isArray(arches) && arches.length > 0) checks.push(arches.includes(machineOf[process.arch]));
  if (typeof minKernel === "string") checks.push(kernelAtLeast(minKernel));
  if (checks.length === 0) return including;
  return including ? checks.every(Boolean) : checks.some(Boolean);
}

function kernelAtLeast(wanted: string): boolean {
  const [major = 0, minor = 0] = release().split(/[.-]/).map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split(".").map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function architecturesOf(map: unknown): string[] {
  const own = { x64: "SCMP_ARCH_X86_64", arm64: "SCMP_ARCH_AARCH64" } as Partial<Record<string, string>>;
  if (!Array.isArray(map)) return [];
  const entry = map.filter(isRecord).find(({ architecture }) => architecture === own[process.arch]);
  if (entry === undefined) return [];
  const { architecture, subArchitectures } = entry;
  const below = Array.isArray(subArchitectures) ? (subArchitectures as unknown[]).map(String) : [];
  return [String(architecture), ...below];
}
