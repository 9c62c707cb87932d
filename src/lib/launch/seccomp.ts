import { constants, release } from "node:os";
import { KpodError } from "../errors";
import { isRecord, parseJson, readTextIfThere } from "../system/files";

/** The profile that CRI-O 1.0 has when nothing is configured. */
const builtInProfile = "/etc/crio/seccomp.json";

/** Where the node's administrator puts the profile that goes with containers, and where distributions do. */
const commonProfiles = ["/etc/containers/seccomp.json", "/usr/share/containers/seccomp.json"];

/** What of a node says whether it can confine, below a directory of its own in tests. */
export interface SeccompHost {
  /** Directory that stands for `/`. */
  root?: string;
}

/** Node's names of processors, as Go and so profiles call them, and as libseccomp does. */
const machines: Partial<Record<string, readonly [string, string]>> = {
  x64: ["amd64", "SCMP_ARCH_X86_64"],
  arm64: ["arm64", "SCMP_ARCH_AARCH64"],
  arm: ["arm", "SCMP_ARCH_ARM"],
  ia32: ["386", "SCMP_ARCH_X86"],
  ppc64: ["ppc64le", "SCMP_ARCH_PPC64LE"],
  s390x: ["s390x", "SCMP_ARCH_S390X"],
  riscv64: ["riscv64", "SCMP_ARCH_RISCV64"],
  loong64: ["loong64", "SCMP_ARCH_LOONGARCH64"],
  mipsel: ["mipsle", "SCMP_ARCH_MIPSEL"],
};

const [machine, architecture] = machines[process.arch] ?? [process.arch, ""];

/** What a rule can do with a call. */
const actions = [
  "ALLOW",
  "ERRNO",
  "KILL",
  "KILL_PROCESS",
  "KILL_THREAD",
  "LOG",
  "NOTIFY",
  "TRACE",
  "TRAP",
].map((action) => `SCMP_ACT_${action}`);

/** How a rule compares an argument of a call. */
const comparisons = ["EQ", "GE", "GT", "LE", "LT", "MASKED_EQ", "NE"].map((word) => `SCMP_CMP_${word}`);

/**
 * Reads the seccomp profile for a new container and turns it into the form of the OCI spec: rules that are
 * for other machines, kernels or sets of capabilities are left out.
 * @param configured path from the configuration, or `unconfined`; "" or the built-in default stand for the first of the
 * usual ones that is there
 * @returns undefined for `unconfined`
 * @throws KpodError BAD_CONFIG when there is no profile, or one holds what cannot be translated; UNSUPPORTED on a kernel
 * without seccomp
 */
export function readSeccompProfile(
  configured: string,
  capabilities: readonly string[],
  { root = "" }: SeccompHost = {},
): Record<string, unknown> | undefined {
  if (configured === "unconfined") return undefined;
  if (readTextIfThere(`${root}/proc/sys/kernel/seccomp/actions_avail`) === undefined) {
    throw new KpodError("UNSUPPORTED", "this kernel has no seccomp filters to confine a container with", {
      hint: 'boot one that has them, or set seccomp_profile to "unconfined" in [crio.runtime]',
    });
  }
  const byDefault = configured === "" || configured === builtInProfile;
  const paths = byDefault ? [builtInProfile, ...commonProfiles] : [configured];
  for (const path of paths.map((each) => root + each)) {
    const text = readTextIfThere(path);
    if (text !== undefined) return convert(path, parseJson(path, text), capabilities);
  }
  throw byDefault
    ? new KpodError("BAD_CONFIG", `there is no seccomp profile: neither ${paths.join(" nor ")}`, {
        hint: "install containers-common (Debian: golang-github-containers-common), or name one as seccomp_profile in [crio.runtime]",
      })
    : new KpodError("BAD_CONFIG", `the seccomp profile ${configured} is missing`, {
        hint: "correct seccomp_profile in [crio.runtime]",
      });
}

function convert(path: string, profile: unknown, capabilities: readonly string[]): Record<string, unknown> {
  if (!isRecord(profile) || !Array.isArray(profile.syscalls) || typeof profile.defaultAction !== "string") {
    throw new KpodError("BAD_CONFIG", `${path} is not a seccomp profile`);
  }
  const { archMap, architectures, flags, listenerPath, listenerMetadata } = profile;
  const check = new Checks(path);
  if (
    Array.isArray(architectures) &&
    architectures.length > 0 &&
    Array.isArray(archMap) &&
    archMap.length > 0
  ) {
    throw check.failure("names both architectures and an archMap");
  }
  const rules = profile.syscalls.map((rule: unknown) => {
    if (!isRecord(rule)) throw check.failure("holds a rule that is none");
    return rule;
  });
  return {
    defaultAction: check.action(profile.defaultAction),
    ...check.errno("defaultErrnoRet", profile.defaultErrno, profile.defaultErrnoRet),
    architectures:
      check.texts("architectures", architectures) ?? architecturesOf(check.records("archMap", archMap)),
    ...defined("flags", check.texts("flags", flags)),
    ...defined("listenerPath", check.text("listenerPath", listenerPath)),
    ...defined("listenerMetadata", check.text("listenerMetadata", listenerMetadata)),
    syscalls: rules
      .filter(
        ({ includes, excludes }) =>
          matches(check.condition(includes), capabilities, true) &&
          !matches(check.condition(excludes), capabilities, false),
      )
      .map((rule) => convertRule(rule, check)),
  };
}

function convertRule(rule: Record<string, unknown>, check: Checks): Record<string, unknown> {
  const { names, name, action, args, errno, errnoRet } = rule;
  const calls = check.texts("names", names) ?? [];
  const single = check.text("name", name);
  if (single !== undefined && calls.length > 0) throw check.failure("holds a rule with both name and names");
  const compared = check.records("args", args).map((argument) => check.argument(argument));
  return {
    names: single === undefined ? calls : [single],
    action: check.action(action),
    ...(compared.length > 0 ? { args: compared } : {}),
    ...check.errno("errnoRet", errno, errnoRet),
  };
}

/** Tells apart what stands in a profile: what is not understood would else confine less than it says. */
class Checks {
  constructor(private readonly path: string) {}

  failure(what: string): KpodError {
    return new KpodError("BAD_CONFIG", `the seccomp profile ${this.path} ${what}`, {
      hint: "correct it, or name another as seccomp_profile in [crio.runtime]",
    });
  }

  action(value: unknown): string {
    const action = actions.find((known) => known === value);
    if (action === undefined)
      throw this.failure(`holds the action ${JSON.stringify(value)}, which kpod does not know`);
    return action;
  }

  text(key: string, value: unknown): string | undefined {
    if (value === undefined || value === null || value === "") return undefined;
    if (typeof value !== "string") throw this.failure(`holds a ${key} that is no text`);
    return value;
  }

  texts(key: string, value: unknown): string[] | undefined {
    if (value === undefined || value === null) return undefined;
    if (!Array.isArray(value) || !value.every((each): each is string => typeof each === "string")) {
      throw this.failure(`holds ${key} that are no list of texts`);
    }
    return value.length === 0 ? undefined : value;
  }

  records(key: string, value: unknown): Record<string, unknown>[] {
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value) || !value.every(isRecord)) throw this.failure(`holds ${key} that are no list`);
    return value;
  }

  condition(value: unknown): Condition {
    if (value !== undefined && value !== null && !isRecord(value)) {
      throw this.failure("holds a rule whose condition is none");
    }
    const { caps, arches, minKernel, ...unknown } = value ?? {};
    const [key] = Object.keys(unknown);
    if (key !== undefined)
      throw this.failure(`holds the condition ${JSON.stringify(key)}, which kpod does not know`);
    return {
      caps: this.texts("caps", caps) ?? [],
      arches: this.texts("arches", arches) ?? [],
      minKernel: this.text("minKernel", minKernel),
    };
  }

  /** An errno by its name or its number; the number counts where both stand. */
  errno(key: string, name: unknown, value: unknown): Record<string, number> {
    if (this.isNumber(value)) return { [key]: value };
    const text = this.text(key, name);
    if (value !== undefined && value !== null) throw this.failure(`holds an errno ${JSON.stringify(value)}`);
    if (text === undefined) return {};
    const number = (constants.errno as Partial<Record<string, number>>)[text];
    if (number === undefined)
      throw this.failure(`holds the errno ${JSON.stringify(text)}, which there is not`);
    return { [key]: number };
  }

  argument({ index, value = 0, valueTwo, op }: Record<string, unknown>): Record<string, unknown> {
    const numbers = [index, value, valueTwo ?? 0];
    if (!numbers.every((each) => this.isNumber(each)) || !comparisons.includes(String(op))) {
      throw this.failure("compares an argument in a way that kpod does not know");
    }
    return { index, value, ...defined("valueTwo", valueTwo), op };
  }

  /** Larger ones JavaScript would write otherwise than they stand. */
  private isNumber(value: unknown): value is number {
    return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
  }
}

function defined(key: string, value: unknown): Record<string, unknown> {
  return value === undefined ? {} : { [key]: value };
}

/** When a rule holds, or does not. */
interface Condition {
  readonly caps: readonly string[];
  readonly arches: readonly string[];
  readonly minKernel: string | undefined;
}

/**
 * Whether a condition of a rule holds. An empty one includes all and excludes none; of several capabilities
 * that include, all are needed, of several that exclude, one is enough.
 */
function matches(
  { caps, arches, minKernel }: Condition,
  capabilities: readonly string[],
  including: boolean,
): boolean {
  const has = (capability: string): boolean => capabilities.includes(capability);
  const checks = [
    ...(caps.length > 0 ? [including ? caps.every(has) : caps.some(has)] : []),
    ...(arches.length > 0 ? [arches.includes(machine)] : []),
    ...(minKernel === undefined ? [] : [kernelAtLeast(minKernel)]),
  ];
  if (checks.length === 0) return including;
  return including ? checks.every(Boolean) : checks.some(Boolean);
}

function kernelAtLeast(wanted: string): boolean {
  const [major = 0, minor = 0] = release().split(/[.-]/).map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split(".").map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

/** This machine's architectures; none where the map has none of it: then the runtime takes its own. */
function architecturesOf(map: readonly Record<string, unknown>[]): string[] {
  const entry = map.find((each) => each.architecture === architecture);
  if (entry === undefined) return [];
  const below: unknown = entry.subArchitectures;
  return [architecture, ...(Array.isArray(below) ? (below as unknown[]).map(String) : [])];
}
