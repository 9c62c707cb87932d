import { errnoName, errnoOf } from "../errors";
import { checked, libc } from "./libc";

const capabilities = "security.capability";

/** Bytes: more than the newest form of capabilities takes. */
const longestCapabilities = 64;

/** What a program's file lets it do beyond its user, as the kernel keeps it; undefined for nothing. */
export function getFileCapabilities(path: string): Buffer | undefined {
  const value = Buffer.alloc(longestCapabilities);
  try {
    const size = checked("lgetxattr", libc().lgetxattr(path, capabilities, value, value.length), path);
    return value.subarray(0, size);
  } catch (error) {
    const code = errnoOf(error);
    if (code === "ENODATA" || code === "ENOTSUP" || code === "EOPNOTSUPP") return undefined;
    throw error;
  }
}

/** Gives them back to a file that lost them with its owner. */
export function setFileCapabilities(path: string, value: Buffer): void {
  checked("lsetxattr", libc().lsetxattr(path, capabilities, value, value.length, 0), path);
}

/** Bytes that the kernel takes of an attribute, and of the list of them (XATTR_SIZE_MAX, XATTR_LIST_MAX). */
const longestAttribute = 64 * 1024;

let room: Buffer | undefined;

/** The names of the attributes of an open file or directory; none on a file system without any. */
export function attributeNames(fd: number): string[] {
  room ??= Buffer.allocUnsafe(longestAttribute);
  const size = sizeOrNone("flistxattr", libc().flistxattr(fd, room, room.length));
  return size === undefined || size === 0 ? [] : room.toString("utf8", 0, size - 1).split("\0");
}

/** Those that mean the same elsewhere: capabilities, and what programs set. */
export function isKeptAttribute(name: string): boolean {
  return name === capabilities || name.startsWith("user.");
}

/**
 * The attributes of an open file or directory that mean the same elsewhere.
 * @param names of all that it has, where somebody has asked for them already
 */
export function keptAttributes(
  fd: number,
  names: readonly string[] = attributeNames(fd),
): [string, Buffer][] {
  return names.flatMap((name): [string, Buffer][] => {
    const value = isKeptAttribute(name) ? readAttribute(fd, name) : undefined;
    return value === undefined ? [] : [[name, value]];
  });
}

/** An attribute of an open file or directory; undefined where it has none of that name. */
export function readAttribute(fd: number, name: string): Buffer | undefined {
  room ??= Buffer.allocUnsafe(longestAttribute);
  const size = sizeOrNone("fgetxattr", libc().fgetxattr(fd, name, room, room.length));
  return size === undefined ? undefined : Buffer.from(room.subarray(0, size));
}

// Most files have none: an error thrown for each would be a tenth of the time of writing an archive.
function sizeOrNone(call: string, result: number): number | undefined {
  const hasNone =
    result === -1 && ["ENODATA", "ENOTSUP", "EOPNOTSUPP"].includes(errnoName(libc().errno()) ?? "");
  return hasNone ? undefined : checked(call, result);
}

/** Gives an open file or directory an attribute. File systems that keep none of its kind leave it as it is. */
export function writeAttribute(fd: number, name: string, value: Buffer): void {
  try {
    checked("fsetxattr", libc().fsetxattr(fd, name, value, value.length, 0), name);
  } catch (error) {
    if (!["ENOTSUP", "EOPNOTSUPP"].includes(errnoOf(error) ?? "")) throw error;
  }
}

const selinux = "security.selinux";

/**
 * Gives an open file or directory the SELinux level of the open directory that it was made in: the kernel gives it the type of
 * that, and the level of who makes it, by which the containers of all pods could get at what one of them alone may have.
 */
export function inheritLevel(directory: number, made: number): void {
  const [above, own] = [directory, made].map((fd) => contextOf(fd));
  if (above?.level === undefined || own?.level === undefined || own.level === above.level) return;
  writeAttribute(made, selinux, Buffer.from(`${own.base}:${above.level}\0`));
}

/** Of a policy without levels, the context has none. */
function contextOf(fd: number): { readonly base: string; readonly level: string | undefined } | undefined {
  const text = readAttribute(fd, selinux)?.toString("latin1").replace(/\0$/, "");
  const [, base = "", level] = /^([^:]+:[^:]+:[^:]+)(?::(.+))?$/.exec(text ?? "") ?? [];
  return text === undefined ? undefined : { base, level };
}

/**
 * Gives a file or directory its SELinux context; a symbolic link itself, not what it leads to. File systems that keep
 * no contexts leave it as it is.
 * @param context "" for none to give
 * @throws an error of the operating system that names the path
 */
export function setFileContext(path: string, context: string): void {
  if (context === "") return;
  const value = Buffer.from(`${context}\0`);
  try {
    checked("lsetxattr", libc().lsetxattr(path, selinux, value, value.length, 0), path);
  } catch (error) {
    const code = errnoOf(error);
    if (code !== "ENOTSUP" && code !== "EOPNOTSUPP") throw error;
  }
}
