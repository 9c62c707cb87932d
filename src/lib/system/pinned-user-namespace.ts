/*
 * A user namespace with the other namespaces of a pod that belong to it. Only a process of one thread can leave its user
 * namespace, which no engine is: unshare and nsenter of util-linux, which every system has, make them and wait.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, writeFileSync } from "node:fs";
import { KpodError } from "../errors";
import { findExecutable } from "./executable";
import { closing } from "./files";
import { mount, mountFlags } from "./mount";
import { bringLoopbackUpIn, namespaceFile, type PinnedNamespaceType } from "./pinned-namespaces";

/** A range of ids: the first inside, the first on the node, how many. */
export type IdRangeText = readonly [inside: number, onNode: number, size: number];

/** Where a user namespace and those that belong to it are to be pinned, and whose users it has. */
export interface OwnedNamespaces {
  readonly user: string;
  readonly others: Partial<Record<PinnedNamespaceType, string>>;
  readonly uids: readonly IdRangeText[];
  readonly gids: readonly IdRangeText[];
}

/**
 * Makes a user namespace and others that belong to it, and pins each at a file, as CRI-O's pinns does. The files must not
 * be there yet.
 * @throws KpodError UNSUPPORTED where the program or the kernel cannot; and errors of the operating system
 */
export async function pinOwnedNamespaces({ user, others, uids, gids }: OwnedNamespaces): Promise<void> {
  const wanted = Object.entries(others) as [PinnedNamespaceType, string][];
  for (const target of [user, ...wanted.map(([, path]) => path)]) {
    writeFileSync(target, "", { mode: 0o444, flag: "wx" });
  }
  await holdingNamespaces([unshare, "--user"], (pid) => {
    writeFileSync(`/proc/${pid}/uid_map`, textOf(uids));
    writeFileSync(`/proc/${pid}/gid_map`, textOf(gids));
    mount({ source: `/proc/${pid}/ns/user`, target: user, flags: mountFlags.bind });
  });
  if (wanted.length === 0) return;
  // Made by its root: the message queues of an IPC namespace belong to who made that, and nobody else can label them.
  const asRoot = ["nsenter", `--user=${user}`, unshare, ...wanted.map(([type]) => flags[type])];
  await holdingNamespaces(asRoot, (pid) => {
    for (const [type, target] of wanted) {
      const source = `/proc/${pid}/ns/${namespaceFile(type)}`;
      if (type === "network") closing(openSync(source, "r"), bringLoopbackUpIn);
      mount({ source, target, flags: mountFlags.bind });
    }
  });
}

const unshare = "unshare";

/** Has programs make namespaces, and does something while a process is in them. @param words after which a command can stand */
async function holdingNamespaces(words: readonly string[], action: (pid: number) => void): Promise<void> {
  const holder = await startHolder(words);
  try {
    action(holder.pid);
  } finally {
    await holder.end();
  }
}

interface Holder {
  readonly pid: number;
  readonly end: () => Promise<void>;
}

const flags: Readonly<Record<PinnedNamespaceType, string>> = { network: "--net", ipc: "--ipc", uts: "--uts" };

/** Starts a process in new namespaces, which ends with its input. */
async function startHolder([name = "", ...words]: readonly string[]): Promise<Holder> {
  const program = findExecutable("", `/usr/bin/${name}`);
  if (program === undefined) {
    throw new KpodError("UNSUPPORTED", `${name} is not at any place of PATH: it makes user namespaces`, {
      hint: "install util-linux",
    });
  }
  const child = spawn(program, [...words, "cat"], { cwd: "/", stdio: ["pipe", "pipe", "pipe"] });
  const ended = once(child, "close");
  ended.catch(() => {});
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.stdin.on("error", () => {});
  // What it says back it says from within.
  const isThere = once(child.stdout, "data");
  child.stdin.write("\n");
  const first = await Promise.race([isThere.then(() => "there"), ended.then(() => "ended")]);
  if (first === "ended" || child.pid === undefined) {
    throw new KpodError("UNSUPPORTED", `the kernel makes no user namespace: ${said.trim()}`, {
      hint: "look at sysctl user.max_user_namespaces, and kernel.unprivileged_userns_clone where there is one",
    });
  }
  return {
    pid: child.pid,
    end: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

function textOf(ranges: readonly IdRangeText[]): string {
  return ranges.map((range) => `${range.join(" ")}\n`).join("");
}
