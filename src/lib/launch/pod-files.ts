import { existsSync, mkdirSync, writeFileSync, chmodSync } from "node:fs";
import { join } from "node:path";
import type { SpecMount } from "../oci/spec";
import { readTextIfThere } from "../system/files";
import { setFileContext } from "../system/extended-attributes";
import { mount, mountFlags } from "../system/mount";

/** The files that a pod's containers share. */
export interface PodFiles {
  hostname: string;
  resolvConf: string;
  hosts: string;
  /** A tmpfs is mounted here. */
  shm: string;
}

/** Where a pod's files lie in the bundle of its infra container. */
export function podFiles(bundlePath: string): PodFiles {
  return {
    hostname: join(bundlePath, "hostname"),
    resolvConf: join(bundlePath, "resolv.conf"),
    hosts: join(bundlePath, "hosts"),
    shm: join(bundlePath, "shm"),
  };
}

/**
 * Writes the files of a new pod and mounts its /dev/shm of 64 MiB. A pod on the host's network has its hosts too.
 * @param pod with the SELinux label of its files, or ""
 */
export function makePodFiles(
  files: PodFiles,
  { hostname, hostNetwork, mountLabel }: { hostname: string; hostNetwork: boolean; mountLabel: string },
): void {
  writeFileSync(files.hostname, `${hostname}\n`, { mode: 0o644 });
  writeFileSync(files.resolvConf, readTextIfThere("/etc/resolv.conf") ?? "", { mode: 0o644 });
  writeFileSync(
    files.hosts,
    (hostNetwork ? readTextIfThere("/etc/hosts") : undefined) ?? ownHosts(hostname),
    {
      mode: 0o644,
    },
  );
  for (const file of [files.hostname, files.resolvConf, files.hosts]) setFileContext(file, mountLabel);
  mkdirSync(files.shm, { mode: 0o700 });
  mount({
    source: "shm",
    target: files.shm,
    type: "tmpfs",
    flags: mountFlags.nosuid | mountFlags.nodev | mountFlags.noexec,
    data: `mode=1777,size=67108864${mountLabel === "" ? "" : `,context="${mountLabel}"`}`,
  });
  chmodSync(files.shm, 0o1777);
}

function ownHosts(hostname: string): string {
  return `127.0.0.1\tlocalhost ${hostname}\n::1\tlocalhost ip6-localhost ip6-loopback\n`;
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
