import { runtimeHandler, type Config } from "../config";
import { KpodError } from "../errors";
import type { Logger } from "../logger";
import { allCapabilities } from "../system/capabilities";
import { readTextIfThere } from "../system/files";
import type { ConfinementOptions, Rlimit } from "./container-options";
import { askedDevice, hostDevices } from "./devices";
import { refuseWhatIsNotFollowed } from "./launch-keys";
import { readLaunchSettings, type LaunchSettings } from "./launch-settings";
import { readSeccompProfile } from "./seccomp";

/** How the configuration and the node confine new containers. */
export interface Confinement extends LaunchSettings {
  /** As a spec has it; undefined for a configuration that wants none. */
  readonly seccomp: Record<string, unknown> | undefined;
  /** Name of the profile; undefined where the kernel has no AppArmor, or none is wanted. */
  readonly apparmor: string | undefined;
  /** With the rights of the host. */
  readonly privileged: boolean;
  readonly noNewPrivileges: boolean;
  /** True where `devices` are all that the node has, and the container may make nodes of any. */
  readonly everyDevice: boolean;
}

/**
 * Finds out how a new container is confined, before anything of it is made.
 * @param handlerName name of the runtime's handler; "" for the default one
 * @param wanted what is to be otherwise than the configuration says
 * @throws KpodError BAD_CONFIG, UNSUPPORTED when kpod cannot confine it as CRI-O does, BAD_ARGUMENT for what cannot be had
 */
export function planConfinement(
  config: Config,
  handlerName: string,
  logger: Logger,
  wanted: ConfinementOptions = {},
): Confinement {
  const name = handlerName === "" ? config.defaultRuntime : handlerName;
  refuseWhatIsNotFollowed(config, name, logger);
  const settings = readLaunchSettings(config, name);
  const { privileged = false, noNewPrivileges = false } = wanted;
  const capabilities = capabilitiesFor(settings.capabilities, wanted);
  const everyDevice = privileged && runtimeHandler(config, name)?.privilegedWithoutHostDevices !== true;
  const asked = (wanted.devices ?? []).map(askedDevice);
  const others = everyDevice
    ? hostDevices().filter(({ path }) => !asked.some((device) => device.path === path))
    : [];
  return {
    ...settings,
    capabilities,
    devices: [...settings.devices, ...others.map((device) => ({ ...device, access: "rwm" })), ...asked],
    rlimits: rlimitsFor(settings.rlimits, wanted),
    readOnly: settings.readOnly || wanted.readOnly === true,
    seccomp: seccompFor(settings, capabilities, wanted),
    apparmor: appArmorFor(config, wanted),
    privileged,
    noNewPrivileges,
    everyDevice,
  };
}

/** As CRI-O has it: first what is added is added, then what is dropped is dropped; `ALL` goes before names. */
function capabilitiesFor(
  configured: readonly string[],
  { privileged = false, capAdd = [], capDrop = [] }: ConfinementOptions,
): readonly string[] {
  if (!privileged && capAdd.length === 0 && capDrop.length === 0) return configured;
  const available = allCapabilities();
  const isAll = (word: string): boolean => word === "ALL";
  const names = (words: readonly string[]): string[] => words.filter((word) => !isAll(word));
  const missing = names(capAdd).find((name) => !available.includes(name));
  if (missing !== undefined) {
    throw new KpodError(
      "UNSUPPORTED",
      `the capability ${missing} cannot be added: it was taken from this process, or the kernel does not know it`,
    );
  }
  const base = privileged || capAdd.some(isAll) ? available : configured;
  const kept = capDrop.some(isAll) ? [] : base;
  return [...new Set([...kept, ...names(capAdd)])].filter((name) => !names(capDrop).includes(name));
}

function rlimitsFor(configured: readonly Rlimit[], { rlimits = [] }: ConfinementOptions): readonly Rlimit[] {
  return [...configured.filter(({ type }) => !rlimits.some((wanted) => wanted.type === type)), ...rlimits];
}

/** A profile that a user names goes before that of privileged containers, and that before the usual one. */
function seccompFor(
  settings: LaunchSettings,
  capabilities: readonly string[],
  { privileged = false, seccomp }: ConfinementOptions,
): Confinement["seccomp"] {
  if (seccomp !== undefined) {
    try {
      return readSeccompProfile(seccomp, capabilities);
    } catch (error) {
      if (!(error instanceof KpodError) || error.code !== "BAD_CONFIG") throw error;
      throw new KpodError("BAD_ARGUMENT", error.message, {
        hint: "name another profile, or unconfined",
        cause: error,
      });
    }
  }
  const { privilegedSeccompProfile, seccompProfile } = settings;
  if (!privileged) return readSeccompProfile(seccompProfile, capabilities);
  return privilegedSeccompProfile === ""
    ? undefined
    : readSeccompProfile(privilegedSeccompProfile, capabilities);
}

function appArmorFor(
  config: Pick<Config, "apparmorProfile">,
  { privileged = false, apparmor }: ConfinementOptions,
): string | undefined {
  if (apparmor === undefined) return privileged ? undefined : appArmorProfile(config.apparmorProfile);
  if (apparmor === "unconfined") return undefined;
  const profile = appArmorProfile(apparmor);
  if (profile !== undefined) return profile;
  throw new KpodError(
    "UNSUPPORTED",
    `this kernel runs without AppArmor: the profile ${apparmor} would confine nothing`,
  );
}

/** The profile of CRI-O's own, which CRI-O loads when it starts. */
const builtInProfile = "crio-default";

/** The name of the AppArmor profile that containers have where nothing else is asked for. */
export function defaultProfile({ apparmorProfile }: Pick<Config, "apparmorProfile">): string {
  return apparmorProfile === "" ? builtInProfile : apparmorProfile;
}

/** What of a node tells of AppArmor, below a directory of its own in tests. */
export interface AppArmorHost {
  /** Directory that stands for `/`. */
  root?: string;
}

/**
 * The AppArmor profile for a new container; undefined where the kernel has no AppArmor, as in CRI-O, and for `unconfined`.
 * @param configured its name, "" for CRI-O's own
 * @throws KpodError BAD_CONFIG for a profile that is not loaded
 */
export function appArmorProfile(configured: string, { root = "" }: AppArmorHost = {}): string | undefined {
  if (configured === "unconfined") return undefined;
  if (readTextIfThere(`${root}/sys/module/apparmor/parameters/enabled`)?.trim() !== "Y") return undefined;
  const profile = defaultProfile({ apparmorProfile: configured });
  const loaded = readTextIfThere(`${root}/sys/kernel/security/apparmor/profiles`);
  // Where that cannot be seen the runtime tells: it starts no process under a profile that is not there.
  if (loaded === undefined || loaded.split("\n").some((line) => line.startsWith(`${profile} (`)))
    return profile;
  throw new KpodError("BAD_CONFIG", `the AppArmor profile ${profile} is not loaded`, {
    hint:
      profile === builtInProfile
        ? "start CRI-O once, which loads it, or name one that is loaded, or unconfined, as apparmor_profile in [crio.runtime]"
        : "load it with apparmor_parser, or correct apparmor_profile in [crio.runtime]",
  });
}
