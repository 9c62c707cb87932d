import { closeSync, openSync, readSync } from "node:fs";
import { ifThere } from "../../errors";
import { processLink, readProcessFile, threadsOf } from "../../system/process";
import type { Facts } from "../facts";
import { crioProcess } from "./crio-process";

/** A thread of CRI-O that gives a file its SELinux label. */
export interface Relabeling {
  readonly pid: number;
  readonly thread: string;
  /** The file; "" where it cannot be told. */
  readonly path: string;
}

/** The numbers of setxattr, lsetxattr and fsetxattr, by what node calls the processors. */
const calls: Readonly<Partial<Record<string, readonly [number, number, number]>>> = {
  x64: [188, 189, 190],
  arm64: [5, 6, 7],
};

/** Where CRI-O is at work on labels at this moment: with a million files in a volume that takes many minutes. */
export function relabelings(facts: Facts): readonly Relabeling[] {
  const pid = facts.get(crioProcess);
  const numbers = calls[process.arch];
  if (pid === undefined || numbers === undefined) return [];
  return threadsOf(pid).flatMap((thread) => {
    const text = ifThere(() => readProcessFile(pid, `task/${thread}/syscall`), "EACCES", "EPERM") ?? "";
    const [number = "", first = ""] = text.split(" ");
    const at = numbers.indexOf(Number(number));
    if (number === "" || at < 0) return [];
    const path = at === 2 ? (processLink(pid, `fd/${Number(first)}`) ?? "") : textAt(pid, Number(first));
    return [{ pid, thread, path }];
  });
}

/** Bytes that a path has at most, as the kernel takes it. */
const longestPath = 4096;

/** The text that lies at an address of a process. */
function textAt(pid: number, address: number): string {
  const refusals = ["ESRCH", "EACCES", "EPERM", "EIO", "EFAULT"];
  const fd = ifThere(() => openSync(`/proc/${pid}/mem`, "r"), ...refusals);
  if (fd === undefined) return "";
  try {
    const bytes = Buffer.alloc(longestPath);
    const length = ifThere(() => readSync(fd, bytes, 0, longestPath, address), ...refusals) ?? 0;
    const end = bytes.subarray(0, length).indexOf(0);
    return end <= 0 ? "" : bytes.toString("utf8", 0, end);
  } finally {
    closeSync(fd);
  }
}

/** The volume of a pod in which a file lies, as the kubelet lays them out, and the uid of the pod. */
export function volumeOf(path: string): { readonly volume: string; readonly uid: string } | undefined {
  const [volume, uid] =
    /^.*?\/pods\/([0-9a-zA-Z-]+)\/(?:volumes|volume-subpaths)\/[^/]+\/[^/]+/.exec(path) ?? [];
  return volume === undefined || uid === undefined ? undefined : { volume, uid };
}
