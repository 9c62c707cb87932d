/*
 * Whether a container has a program, before its runtime is asked to run it: what a runtime says differs from version to
 * version, and not all of it says what is missing.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { errnoOf, isNotFound, KpodError } from "../errors";
import { isNullDevice, closing } from "../system/files";
import { isKernelFileSystem } from "../system/file-system-type";
import { openInRoot, pathOfDescriptor } from "../system/open-in-root";
import { variableIn } from "./environment";
import type { FurtherProcess } from "./exec-process";

/**
 * Makes sure that a container has the directory and the program of a further process. What cannot be looked at is left
 * to the runtime.
 * @param root the root of the container's file system
 * @param whose for the messages: `container web`
 * @throws KpodError BAD_ARGUMENT without the directory; COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE
 */
export function requireCommand(
  root: string,
  { args: [name = ""], env, cwd }: Pick<FurtherProcess, "args" | "env" | "cwd">,
  whose: string,
): void {
  const directory = kindOf(root, cwd);
  if (directory !== "directory" && directory !== "unknown") {
    throw new KpodError("BAD_ARGUMENT", `${whose} has no directory ${cwd} to work in`);
  }
  const path = variableIn(env, "PATH");
  const hasPath = name.includes("/");
  // How a runtime looks without a PATH is its own affair.
  if (!hasPath && path === undefined) return;
  const directories = hasPath ? [""] : (path ?? "").split(":");
  const kinds = directories.map((each) => kindOf(root, placeOf(name, each, cwd)));
  if (name !== "" && kinds.some((kind) => kind === "program" || kind === "unknown")) return;
  const found = kinds.find((kind) => kind !== "nothing");
  if (found === "orphan") {
    throw new KpodError(
      "COMMAND_NOT_FOUND",
      `${whose} has not the interpreter that ${JSON.stringify(name)} names`,
    );
  }
  if (name === "" || found === undefined) {
    const where = hasPath ? "" : ` in its PATH, which is ${path ?? ""}`;
    throw new KpodError("COMMAND_NOT_FOUND", `${whose} has no ${JSON.stringify(name)}${where}`);
  }
  const why = found === "directory" ? "it is a directory" : "it is not marked as executable";
  throw new KpodError("COMMAND_NOT_EXECUTABLE", `${whose} cannot run ${JSON.stringify(name)}: ${why}`);
}

/** What a runtime reads inside of a container, to find the home of a user. */
const readByRuntime = ["/etc/passwd", "/etc/group"];

/**
 * Makes sure that a runtime can start a process in a container: it opens files in there, and would wait at a FIFO until
 * somebody writes.
 * @throws KpodError CORRUPT
 */
export function requireReadable(root: string, whose: string): void {
  for (const path of readByRuntime) {
    const kind = kindOf(root, path);
    if (kind !== "other" || isRegular(root, path)) continue;
    throw new KpodError(
      "CORRUPT",
      `${path} of ${whose} is no regular file: its runtime would wait there for ever`,
      {
        hint: "move it away",
      },
    );
  }
}

function isRegular(root: string, path: string): boolean {
  return closing(openInRoot(root, path), (fd) => {
    const stat = fstatSync(fd);
    return stat.isFile() || isNullDevice(stat);
  });
}

function placeOf(name: string, directory: string, cwd: string): string {
  const path = directory === "" ? name : `${directory}/${name}`;
  return path.startsWith("/") ? path : `${cwd}/${path}`;
}

/** `orphan` is a script of which the container lacks the interpreter. */
type Kind = "nothing" | "directory" | "program" | "orphan" | "other" | "unknown";

function kindOf(root: string, path: string): Kind {
  let fd: number;
  try {
    fd = openInRoot(root, path);
  } catch (error) {
    return isNotFound(error) || errnoOf(error) === "ENAMETOOLONG" ? "nothing" : "unknown";
  }
  try {
    const stat = fstatSync(fd);
    if (stat.isDirectory()) return "directory";
    if (!stat.isFile() || (stat.mode & 0o111) === 0) return "other";
    const interpreter = interpreterOf(fd);
    return interpreter === undefined || kindOf(root, interpreter) !== "nothing" ? "program" : "orphan";
  } finally {
    closeSync(fd);
  }
}

/** The program that a script names in its first line, as far as the kernel reads that. */
function interpreterOf(found: number): string | undefined {
  try {
    return closing(openSync(pathOfDescriptor(found), constants.O_RDONLY | constants.O_NONBLOCK), (fd) => {
      const head = Buffer.alloc(256);
      const text = head.toString("latin1", 0, readSync(fd, head, 0, head.length, 0));
      return /^#![ \t]*(\/[^\s]+)/.exec(text)?.[1];
    });
  } catch {
    // Whoever runs it finds out.
    return undefined;
  }
}

/** True where a container has the kernel's own files at /proc, without which hardly any runtime starts a process in it. */
export function hasProc(root: string): boolean {
  try {
    return closing(openInRoot(root, "/proc"), isKernelFileSystem);
  } catch {
    // The runtime does not get there either.
    return false;
  }
}

/** Opens the root of a process's file system, for the caller to close. @returns a descriptor and its path */
export function openRootOf(pid: number): { readonly fd: number; readonly path: string } {
  const fd = openSync(`/proc/${pid}/root`, constants.O_RDONLY | constants.O_DIRECTORY);
  return { fd, path: pathOfDescriptor(fd) };
}
