import type { ResourceChanges } from "../operations/update";

/** A directory or file of the host inside a container. */
export interface VolumeOption {
  hostPath: string;
  containerPath: string;
  readonly: boolean;
  /** What of later mounts below it is seen on the other side: none by default; those of the host; those of both. */
  propagation?: "rprivate" | "rslave" | "rshared";
}

/** A file system in memory inside a container. */
export interface TmpfsOption {
  containerPath: string;
  /** Of mount(8), over `rw,noexec,nosuid,nodev`. */
  options?: readonly string[];
}

/** Limits of a process, as setrlimit(2) has them. */
export interface Rlimit {
  /** `RLIMIT_NOFILE`. */
  readonly type: string;
  readonly soft: number;
  readonly hard: number;
}

/** How a container is to be confined otherwise than the configuration says. */
export interface ConfinementOptions {
  /** With the rights of the host, which its pod must have: all capabilities and devices, no seccomp, AppArmor or label. */
  privileged?: boolean;
  /** `CAP_CHOWN`, or `ALL`. */
  capAdd?: readonly string[];
  capDrop?: readonly string[];
  /** Absolute path of a profile, or `unconfined`. */
  seccomp?: string | undefined;
  /** Name of a profile that is loaded, or `unconfined`. */
  apparmor?: string | undefined;
  /** `disable`, or parts of the label of its process. */
  selinux?: "disable" | SelinuxParts;
  /** Is told why the container has no label that could be so, and what was asked for is passed over; left out, that is refused. */
  onUnlabelled?: ((why: string) => void) | undefined;
  /** Keeps its processes from gaining rights by setuid or file capabilities. */
  noNewPrivileges?: boolean;
  /** Devices of the host, `HOST[:CTR][:rwm]`. */
  devices?: readonly string[];
  /** Over those of the configuration. */
  rlimits?: readonly Rlimit[];
  /** Its root cannot be written. */
  readOnly?: boolean;
}

/** Parts of an SELinux label. */
export type SelinuxParts = Partial<Record<"user" | "role" | "type" | "level", string>>;

/** What a new container is to be. */
export interface ContainerOptions extends ConfinementOptions {
  /** Its name in Kubernetes. */
  name: string;
  /** Name, id or digest of an image in the store. */
  image: string;
  /** Replaces the command of the image; its entry point stays before it. */
  command?: readonly string[];
  /** Replaces the entry point of the image, and its command with it. */
  entrypoint?: readonly string[];
  /** `USER`, `USER:GROUP` or in numbers, in the place of the image's. */
  user?: string;
  /** Its group by number, in the place of what its user has. */
  group?: number;
  /** Groups that its processes have, too. */
  groups?: readonly number[];
  /** Refuses to run as root, be it that the image says so. */
  nonRoot?: boolean;
  /** Its working directory, in the place of the image's. */
  cwd?: string;
  labels?: Readonly<Record<string, string>>;
  annotations?: Readonly<Record<string, string>>;
  /** `NAME=value`, over those of the image. */
  env?: readonly string[];
  volumes?: readonly VolumeOption[];
  tmpfs?: readonly TmpfsOption[];
  /** Limits of its cgroup. */
  limits?: ResourceChanges;
  /** Runs a small init as its first process, which hands on signals and reaps. */
  init?: boolean;
  /** -1000 to 1000; 0 when left out. */
  oomScoreAdj?: number;
  /** Name of the signal that asks it to end, in the place of the image's. */
  stopSignal?: string;
  /** Seconds that it gets to end before it is killed, where who stops it does not say. */
  stopTimeout?: number;
  /** Absolute path of its log. */
  logPath?: string;
  /** Bytes after which its log begins anew; negative for never. */
  logSizeMax?: number;
  /** Whose users it has: those of its pod, which must have some of its own, or those of the node. */
  userns?: "pod" | "host";
  /** Has a terminal, at which who attaches is. */
  terminal?: boolean;
  /** Has an input for who attaches, which stays open when he leaves; without it and without a terminal it is empty. */
  stdin?: boolean;
  /** The first who leaves, or whose input ends, closes it. */
  stdinOnce?: boolean;
}
