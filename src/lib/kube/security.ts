import { isAbsolute, join } from "node:path";
import type { ContainerOptions, SelinuxParts } from "../launch/container-options";
import { capabilityOf } from "../launch/launch-settings";
import type { Fields } from "./fields";

/** Where the kubelet keeps the seccomp profiles that pods name. */
export const kubeletProfiles = "/var/lib/kubelet/seccomp";

/** Of a pod's security context what concerns its containers, in the form of a container's. */
export type SecurityOptions = Pick<
  ContainerOptions,
  | "user"
  | "group"
  | "nonRoot"
  | "seccomp"
  | "apparmor"
  | "selinux"
  | "privileged"
  | "capAdd"
  | "capDrop"
  | "readOnly"
  | "noNewPrivileges"
>;

/** What both kinds of security context have. @throws KpodError BAD_ARGUMENT */
export function readSecurityOptions(context: Fields | undefined): SecurityOptions {
  if (context === undefined) return {};
  const user = context.id("runAsUser");
  const group = context.id("runAsGroup");
  const nonRoot = context.flag("runAsNonRoot");
  const seccomp = context.object("seccompProfile");
  const apparmor = context.object("appArmorProfile");
  const selinux = readSelinux(context.object("seLinuxOptions"));
  context.leave("this is no Windows", "windowsOptions");
  return {
    ...(user === undefined ? {} : { user: String(user) }),
    ...(group === undefined ? {} : { group }),
    ...(nonRoot === undefined ? {} : { nonRoot }),
    // What a container says goes before what its pod says, also where it asks for the profile of the configuration.
    ...(seccomp === undefined ? {} : { seccomp: readSeccomp(seccomp) }),
    ...(apparmor === undefined ? {} : { apparmor: readAppArmor(apparmor) }),
    ...(selinux === undefined ? {} : { selinux }),
  };
}

/** A container's security context. @throws KpodError BAD_ARGUMENT */
export function readContainerSecurity(context: Fields | undefined): SecurityOptions {
  if (context === undefined) return {};
  const capabilities = context.object("capabilities");
  const [capAdd, capDrop] = ["add", "drop"].map((name) =>
    (capabilities?.texts(name) ?? []).map((word) => {
      const known = word.toUpperCase() === "ALL" ? "ALL" : capabilityOf(word);
      if (known === undefined && capabilities !== undefined)
        throw capabilities.bad([name], `has ${JSON.stringify(word)}, which is no capability`);
      return known ?? word;
    }),
  );
  const privileged = context.flag("privileged") === true;
  const escalates = context.flag("allowPrivilegeEscalation") ?? true;
  if (!escalates && privileged)
    throw context.bad(["allowPrivilegeEscalation"], "is false, and privileged is true");
  if (context.word("procMount", ["Default", "Unmasked"]) === "Unmasked")
    throw context.bad(["procMount"], "is Unmasked, which nobody can give it here");
  return {
    ...readSecurityOptions(context),
    ...(capAdd === undefined || capAdd.length === 0 ? {} : { capAdd }),
    ...(capDrop === undefined || capDrop.length === 0 ? {} : { capDrop }),
    ...(privileged ? { privileged } : {}),
    ...(escalates ? {} : { noNewPrivileges: true }),
    ...(context.flag("readOnlyRootFilesystem") === true ? { readOnly: true } : {}),
  };
}

/** @returns undefined for that of the configuration */
function readSeccomp(profile: Fields): string | undefined {
  const type = profile.word("type", ["RuntimeDefault", "Unconfined", "Localhost"]);
  if (type === "Unconfined") return "unconfined";
  if (type !== "Localhost") return undefined;
  const path = profile.requiredText("localhostProfile");
  if (isAbsolute(path) || path.split("/").includes(".."))
    throw profile.bad(["localhostProfile"], `is ${path}, and must lie below ${kubeletProfiles}`);
  return join(kubeletProfiles, path);
}

/** @returns undefined for that of the configuration */
function readAppArmor(profile: Fields): string | undefined {
  const type = profile.word("type", ["RuntimeDefault", "Unconfined", "Localhost"]);
  if (type === "Unconfined") return "unconfined";
  return type === "Localhost" ? profile.requiredText("localhostProfile") : undefined;
}

function readSelinux(options: Fields | undefined): SelinuxParts | undefined {
  if (options === undefined) return undefined;
  const parts = (["user", "role", "type", "level"] as const).flatMap((name) => {
    const value = options.text(name) ?? "";
    return value === "" ? [] : [[name, value] as const];
  });
  return parts.length === 0 ? undefined : Object.fromEntries(parts);
}
