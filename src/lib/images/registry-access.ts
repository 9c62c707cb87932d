import { statSync, writeFileSync } from "node:fs";
import { BlockList, isIP, isIPv4 } from "node:net";
import { join } from "node:path";
import type { Config } from "../config";
import { ifThere, KpodError, orFileError } from "../errors";
import { registryOf } from "../names/image-names";
import { absolutePath } from "../system/paths";
import { credentialsFileFor, type CredentialsConfig } from "./credentials-file";

/** How registries are spoken to. */
export interface RegistryAccess {
  /** `USER:PASSWORD` */
  credentials?: string | undefined;
  /** File with credentials; default that of `$REGISTRY_AUTH_FILE`, of who logged in, of crio.conf, or skopeo's own. */
  authFile?: string | undefined;
  /** Directory with `*.crt`, `*.cert` and `*.key` for TLS. */
  certDir?: string | undefined;
  /** False also speaks to registries without TLS, or with a certificate that nobody vouches for. */
  tlsVerify?: boolean | undefined;
  /** File with the rules which images are trusted; default `signature_policy` of crio.conf, which is not asked of what is pushed. */
  signaturePolicy?: string | undefined;
}

/** The configuration with the rules of trust that somebody names. */
export function withPolicy<C extends Pick<Config, "signaturePolicyPath">>(
  config: C,
  { signaturePolicy }: RegistryAccess,
): C {
  if (signaturePolicy === undefined) return config;
  return { ...config, signaturePolicyPath: absolutePath("the rules of trust", signaturePolicy) };
}

/**
 * The flags that tell skopeo how to speak to a registry, with credentials.
 * @param prefix `src-`, `dest-`, or "" for commands that speak to one registry alone
 * @param name of the image or repository; one without a registry is docker.io's
 * @param scratch where a file with the credentials is written: those on a command line are everybody's to read
 * @throws KpodError BAD_ARGUMENT for credentials without a password; NOT_FOUND for a named file or directory that is not there
 */
export function accessFlags(
  prefix: "src-" | "dest-" | "",
  name: string,
  access: RegistryAccess,
  { config, scratch }: { config: Pick<Config, "insecureRegistries"> & CredentialsConfig; scratch: string },
): string[] {
  const { credentials, authFile } = access;
  const registry = registryOf(name) ?? "docker.io";
  const file =
    credentials === undefined
      ? credentialsFileFor(name, authFile, config)
      : writeCredentials(scratch, registry, credentials);
  if (credentials === undefined && authFile !== undefined) requireThere("--authfile", "file", authFile);
  const flags = file === "" ? [] : [`--${prefix}authfile`, file];
  return [...flags, ...connectionFlags(prefix, registry, access, config)];
}

/** Those of them that have nothing to do with credentials. */
export function connectionFlags(
  prefix: "src-" | "dest-" | "",
  registry: string,
  { certDir, tlsVerify = true }: Pick<RegistryAccess, "certDir" | "tlsVerify">,
  { insecureRegistries }: Pick<Config, "insecureRegistries">,
): string[] {
  const plain = !tlsVerify || isInsecure(registry.replace(/\/.*$/, ""), insecureRegistries);
  return [
    ...(certDir === undefined
      ? []
      : [`--${prefix}cert-dir`, requireThere("--cert-dir", "directory", certDir)]),
    ...(plain ? [`--${prefix}tls-verify=false`] : []),
  ];
}

/** skopeo goes on without what is not there. @returns the absolute path @throws KpodError NOT_FOUND */
function requireThere(flag: string, kind: "file" | "directory", path: string): string {
  const absolute = absolutePath(flag, path);
  const stat = orFileError(`${flag} ${path}`, () => ifThere(() => statSync(absolute)));
  if (stat?.isDirectory() !== (kind === "directory")) {
    throw new KpodError("NOT_FOUND", `${flag} ${path}: there is no such ${kind}`);
  }
  return absolute;
}

function writeCredentials(scratch: string, registry: string, credentials: string): string {
  if (!/^[^:]+:./s.test(credentials)) {
    throw new KpodError("BAD_ARGUMENT", "the credentials have no password", {
      hint: "give --creds USER:PASSWORD",
    });
  }
  const path = join(scratch, "auth.json");
  const auth = Buffer.from(credentials).toString("base64");
  writeFileSync(path, JSON.stringify({ auths: { [registry]: { auth } } }), { mode: 0o600 });
  return path;
}

/** Whether `insecure_registries` of crio.conf has a registry: by name, with or without its port, or as `10.0.0.0/8`. */
export function isInsecure(registry: string, insecure: readonly string[]): boolean {
  const host = registry.replace(/:\d+$/, "");
  const address = host.replace(/^\[(.*)\]$/, "$1");
  return insecure.some((entry) => {
    if (entry === registry || entry === host) return true;
    const [network = "", bits = ""] = entry.split("/");
    if (isIP(address) === 0 || isIP(network) !== isIP(address) || !/^\d{1,3}$/.test(bits)) return false;
    const family = isIPv4(address) ? "ipv4" : "ipv6";
    if (Number(bits) > (family === "ipv4" ? 32 : 128)) return false;
    const list = new BlockList();
    list.addSubnet(network, Number(bits), family);
    return list.check(address, family);
  });
}
