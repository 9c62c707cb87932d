import { resolve } from "node:path";
import { UsageError } from "../../shell/errors";
import type { FlagValues } from "../../shell/flags";
import type { ConfinementOptions, Rlimit, SelinuxParts } from "../../lib/launch/container-options";
import { capabilityOf, rlimitOf } from "../../lib/launch/launch-settings";
import type { containerFlags } from "./container-flags";

type ConfinementFlags = Pick<
  FlagValues<typeof containerFlags>,
  "privileged" | "capAdd" | "capDrop" | "device" | "ulimit" | "readOnly" | "securityOpt"
>;

/** How a new container is to be confined otherwise than the configuration says. @throws UsageError */
export function readConfinement(flags: ConfinementFlags): ConfinementOptions {
  return {
    privileged: flags.privileged,
    capAdd: flags.capAdd.map((word) => readCapability("cap-add", word)),
    capDrop: flags.capDrop.map((word) => readCapability("cap-drop", word)),
    devices: flags.device.map(readDevice),
    rlimits: flags.ulimit.map(readUlimit),
    readOnly: flags.readOnly,
    ...readSecurity(flags.securityOpt),
  };
}

function readCapability(flag: string, word: string): string {
  const name = word.toUpperCase() === "ALL" ? "ALL" : capabilityOf(word);
  if (name !== undefined) return name;
  throw new UsageError(
    `option --${flag}: ${JSON.stringify(word)} is no capability: give one as NET_ADMIN, or ALL`,
  );
}

function readDevice(text: string): string {
  if (/^\/dev\/[^:]+(:\/[^:]+)?(:[rwm]{1,3})?$/.test(text)) return text;
  throw new UsageError(`option --device: ${JSON.stringify(text)} is not /dev/HOST[:/CTR][:rwm]`);
}

function readUlimit(text: string): Rlimit {
  const limit = rlimitOf(
    text
      .toLowerCase()
      .replace(/^rlimit_/, "")
      .replaceAll("unlimited", "-1"),
  );
  if (limit !== undefined) return limit;
  throw new UsageError(
    `option --ulimit: ${JSON.stringify(text)} is not NAME=SOFT[:HARD], as nofile=1024:2048`,
  );
}

/** Docker takes `KEY:VALUE`, too. */
function readSecurity(
  entries: readonly string[],
): Pick<ConfinementOptions, "seccomp" | "apparmor" | "selinux" | "noNewPrivileges"> {
  const wanted: Pick<ConfinementOptions, "seccomp" | "apparmor" | "selinux" | "noNewPrivileges"> = {};
  for (const entry of entries) {
    const [, key = "", value = ""] = /^([a-z-]+)(?:[=:](.*))?$/s.exec(entry) ?? [];
    if (key === "seccomp" && value !== "") wanted.seccomp = value === "unconfined" ? value : resolve(value);
    else if (key === "apparmor" && value !== "") wanted.apparmor = value;
    else if (key === "label" && value !== "") wanted.selinux = readLabel(value, wanted.selinux);
    else if (key === "no-new-privileges" && ["", "true", "false"].includes(value))
      wanted.noNewPrivileges = value !== "false";
    else {
      throw new UsageError(
        `option --security-opt: ${JSON.stringify(entry)} is none of seccomp=, apparmor=, label= and no-new-privileges`,
      );
    }
  }
  return wanted;
}

function readLabel(value: string, before: ConfinementOptions["selinux"]): "disable" | SelinuxParts {
  if (value === "disable") return value;
  const [, part = "", text = ""] = /^(user|role|type|level):(.+)$/.exec(value) ?? [];
  if (part === "") {
    throw new UsageError(
      `option --security-opt: label=${value} is neither disable nor user:, role:, type: or level: with a value`,
    );
  }
  return { ...(before === "disable" ? {} : before), [part]: text };
}
