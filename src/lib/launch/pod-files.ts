import { existsSync, mkdirSync, writeFileSync, chmodSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { KpodError } from "../errors";
import type { ResultDns } from "../network/result";
import type { SpecMount } from "../oci/spec";
import { readTextIfThere } from "../system/files";
import { setFileContext } from "../system/extended-attributes";
import { labelOptions, mount, mountFlags } from "../system/mount";

/** The files that a pod's containers share. */
export interface PodFiles {
  hostname: string;
  resolvConf: string;
  hosts: string;
  /** A tmpfs is mounted here, the node's own for a pod in its ipc namespace. */
  shm: string;
}

/** The node's /dev/shm. */
const hostShm = "/dev/shm";

/** Where a pod's files lie in the bundle of its infra container. */
export function podFiles(bundlePath: string, hostIpc = false): PodFiles {
  return {
    hostname: join(bundlePath, "hostname"),
    resolvConf: join(bundlePath, "resolv.conf"),
    hosts: join(bundlePath, "hosts"),
    shm: hostIpc ? hostShm : join(bundlePath, "shm"),
  };
}

/** How a pod's resolver is set up, beyond what the host has; what is empty is left to that. */
export interface PodDns {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
  /** True leaves out all that the host and the networks have. */
  readonly apart?: boolean;
}

/** Names that a pod finds in its /etc/hosts. */
export interface HostAlias {
  readonly ip: string;
  readonly hostnames: readonly string[];
}

/** What the files of a new pod are to say. */
export interface PodFilesOptions {
  readonly dns: PodDns;
  readonly hostAliases: readonly HostAlias[];
}

/** Makes sure that what is to stand in the files is what it seems. @throws KpodError BAD_ARGUMENT */
export function checkPodFiles({ dns, hostAliases }: PodFilesOptions): PodFilesOptions {
  for (const address of [...dns.servers, ...hostAliases.map(({ ip }) => ip)])
    if (isIP(address) === 0) throw unusable(address, "IP address");
  for (const word of [...dns.searches, ...hostAliases.flatMap(({ hostnames }) => hostnames)])
    if (!/^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?$/i.test(word)) throw unusable(word, "host name");
  for (const word of dns.options)
    if (!/^[a-z0-9:._-]+$/i.test(word)) throw unusable(word, "option of resolv.conf");
  return { dns, hostAliases };
}

function unusable(text: string, what: string): KpodError {
  return new KpodError("BAD_ARGUMENT", `${JSON.stringify(text)} is no ${what}`);
}

/** Of what the files of a new pod are made. */
export interface PodFilesParts extends PodFilesOptions {
  readonly hostname: string;
  readonly hostNetwork: boolean;
  /** Its SELinux label, or "". */
  readonly mountLabel: string;
  /** The addresses that its networks gave it. */
  readonly addresses: readonly string[];
  /** The resolvers that its networks name. */
  readonly networkDns: readonly ResultDns[];
  /** True for a pod in the node's ipc namespace, which has its /dev/shm, too. */
  readonly hostIpc: boolean;
}

/**
 * Writes the files of a new pod and mounts its /dev/shm of 64 MiB. A pod on the host's network has its hosts too.
 */
export function makePodFiles(files: PodFiles, parts: PodFilesParts): void {
  const { hostname, hostNetwork, hostIpc, mountLabel, addresses } = parts;
  writeFileSync(files.hostname, `${hostname}\n`, { mode: 0o644 });
  writeFileSync(files.resolvConf, resolvConfText(hostResolvConf(addresses.length > 0), parts), {
    mode: 0o644,
  });
  const hosts = hostNetwork ? readTextIfThere("/etc/hosts") : undefined;
  writeFileSync(files.hosts, withAliases(hosts ?? ownHosts(hostname, addresses), parts), { mode: 0o644 });
  for (const file of [files.hostname, files.resolvConf, files.hosts]) setFileContext(file, mountLabel);
  if (hostIpc) return;
  mkdirSync(files.shm, { mode: 0o700 });
  mount({
    source: "shm",
    target: files.shm,
    type: "tmpfs",
    flags: mountFlags.nosuid | mountFlags.nodev | mountFlags.noexec,
    data: ["mode=1777", "size=67108864", ...labelOptions(mountLabel)].join(","),
  });
  chmodSync(files.shm, 0o1777);
}

/** A resolver that listens on the host's loopback cannot be reached from another network; systemd names those behind it. */
function hostResolvConf(apart: boolean): string {
  const text = readTextIfThere("/etc/resolv.conf") ?? "";
  const servers = [...text.matchAll(/^nameserver[ \t]+(\S+)/gm)].map(([, address = ""]) => address);
  const isLocal = servers.length > 0 && servers.every((address) => /^(127\.|::1$)/.test(address));
  return (apart && isLocal ? readTextIfThere("/run/systemd/resolve/resolv.conf") : undefined) ?? text;
}

/**
 * The resolv.conf of a pod: that of the host, with what the pod's networks and then the user have to say instead.
 * @param host the text of the host's
 */
function resolvConfText(
  host: string,
  { dns, networkDns }: Pick<PodFilesParts, "dns" | "networkDns">,
): string {
  if (dns.apart === true) return resolvConfText("", { dns: { ...dns, apart: false }, networkDns: [] });
  const named = networkDns.find(({ nameservers }) => nameservers.length > 0);
  const searched = named === undefined ? [] : named.search.length > 0 ? named.search : [named.domain];
  const chosen = (given: readonly string[], otherwise: readonly string[] = []): readonly string[] =>
    given.length > 0 ? given : otherwise.filter((word) => word !== "");
  const servers = chosen(dns.servers, named?.nameservers);
  const searches = chosen(dns.searches, searched);
  const options = chosen(dns.options, named?.options);
  const replaced = [
    ...(servers.length > 0 ? ["nameserver"] : []),
    ...(searches.length > 0 ? ["search", "domain"] : []),
    ...(options.length > 0 ? ["options"] : []),
  ];
  if (replaced.length === 0) return host;
  const kept = host
    .split("\n")
    .filter((line) => line !== "" && !replaced.includes(line.split(/[ \t]/, 1)[0] ?? ""));
  const lines = [
    ...(searches.length > 0 ? [`search ${searches.join(" ")}`] : []),
    ...servers.map((address) => `nameserver ${address}`),
    ...(options.length > 0 ? [`options ${options.join(" ")}`] : []),
  ];
  return [...lines, ...kept].map((line) => `${line}\n`).join("");
}

function ownHosts(hostname: string, addresses: readonly string[]): string {
  const local = addresses.length === 0 ? `localhost ${hostname}` : "localhost";
  const own = addresses.map((address) => `${address}\t${hostname}\n`);
  return `127.0.0.1\t${local}\n::1\tlocalhost ip6-localhost ip6-loopback\n${own.join("")}`;
}

function withAliases(hosts: string, { hostAliases }: PodFilesOptions): string {
  const lines = hostAliases.map(({ ip, hostnames }) => `${ip}\t${hostnames.join(" ")}\n`);
  return lines.length === 0 ? hosts : `${hosts.replace(/\n?$/, "\n")}${lines.join("")}`;
}

/** The mounts by which a container sees its pod's files. */
export function podFileMounts(
  files: { hostname: string; resolvConf: string; hosts: string; shm: string },
  access: "ro" | "rw",
): SpecMount[] {
  const confined = ["bind", "nodev", "nosuid", "noexec"];
  return [
    {
      destination: "/etc/resolv.conf",
      type: "bind",
      source: files.resolvConf,
      options: [access, ...confined],
    },
    { destination: "/dev/shm", type: "bind", source: files.shm, options: ["rw", "bind"] },
    { destination: "/etc/hostname", type: "bind", source: files.hostname, options: [access, ...confined] },
    // A pod that CRI-O made leaves this one to the kubelet.
    ...(existsSync(files.hosts)
      ? [{ destination: "/etc/hosts", type: "bind", source: files.hosts, options: [access, ...confined] }]
      : []),
  ];
}
