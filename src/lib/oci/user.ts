import { KpodError, orFileError } from "../errors";
import { fileLimits } from "../system/files";
import { readInRoot } from "../system/open-in-root";
import type { IdMappings, SpecIdMapping } from "./spec";

/** Whom a process runs as. */
export interface ProcessUser {
  uid: number;
  gid: number;
  additionalGids?: number[];
}

/**
 * Finds the user that somebody names as `USER`, `USER:GROUP` or in numbers (root where they name none), by the container's
 * own /etc/passwd and /etc/group. Where both are numbers neither is read.
 * @param asking for the message: `the image runs as`
 * @throws KpodError BAD_ARGUMENT for a name that is in neither, CORRUPT when one of them is no regular file
 */
export function lookUpUser(root: string, wanted: string, asking: string): ProcessUser {
  const [wantedUser = "", groupPart = ""] = wanted.split(":");
  const userPart = wantedUser === "" ? "0" : wantedUser;
  const [givenUid, givenGid] = [numeric(userPart), numeric(groupPart)];
  if (givenUid !== undefined && givenGid !== undefined) return { uid: givenUid, gid: givenGid };
  const users = readUserTable(root, "/etc/passwd");
  const groups = readUserTable(root, "/etc/group");
  const user = users.find(([name, , uid]) => name === userPart || uid === userPart);
  const uid = numeric(user?.[2] ?? userPart);
  const group = groups.find(([name, , gid]) => name === groupPart || gid === groupPart);
  const gid = numeric(groupPart === "" ? (user?.[3] ?? "0") : (group?.[2] ?? groupPart));
  if (uid === undefined || gid === undefined) {
    throw new KpodError(
      "BAD_ARGUMENT",
      `${asking} ${wanted}, whom its /etc/passwd and /etc/group do not know`,
    );
  }
  const additionalGids =
    user === undefined || groupPart !== ""
      ? []
      : groups
          .filter(([, , , members = ""]) => members.split(",").includes(user[0] ?? ""))
          .flatMap(([, , id = ""]) => numeric(id) ?? []);
  return { uid, gid, ...(additionalGids.length === 0 ? {} : { additionalGids }) };
}

/** Without it, who drops the other groups could get at what is denied to this one (CVE-2022-2995). */
export function withOwnGroup({ uid, gid, additionalGids = [] }: ProcessUser): ProcessUser {
  return { uid, gid, additionalGids: [...new Set([gid, ...additionalGids])] };
}

/**
 * Makes sure that a user namespace has a user with all groups: a runtime's words for one that it does not have name nobody.
 * @param asking for the message: `the container is to run as`
 * @throws KpodError BAD_ARGUMENT
 */
export function requireMapped(
  { uid, gid, additionalGids = [] }: ProcessUser,
  { uids, gids }: IdMappings,
  asking: string,
): void {
  const checked = [
    ...[{ kind: "user", id: uid, ranges: uids }],
    ...[gid, ...additionalGids].map((id) => ({ kind: "group", id, ranges: gids })),
  ];
  for (const { kind, id, ranges } of checked) {
    const within = ({ containerID = 0, size }: SpecIdMapping): boolean =>
      id >= containerID && id < containerID + size;
    if (ranges.length === 0 || ranges.some(within)) continue;
    const has = ranges.map(({ containerID = 0, size }) => `${containerID} to ${containerID + size - 1}`);
    throw new KpodError("BAD_ARGUMENT", `${asking} ${kind} ${id}, whom its user namespace does not have`, {
      hint: `it has ${has.join(", ")}`,
    });
  }
}

/**
 * The lines of a table of users or groups below a root, taken apart.
 * @throws KpodError CORRUPT when it is no regular file; NOT_PERMITTED, IO
 */
export function readUserTable(root: string, path: string): string[][] {
  return readText(root, path)
    .split("\n")
    .filter((line) => line.includes(":"))
    .map((line) => line.split(":"));
}

function readText(root: string, path: string): string {
  return orFileError(
    `cannot read ${path} of the container`,
    () => readInRoot(root, path, fileLimits.passwd)?.toString("utf8") ?? "",
  );
}

/** The largest id that Kubernetes, and CRI-O from an image, takes for a user or a group. */
export const largestId = 2 ** 31 - 1;

function numeric(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) && Number(text) <= largestId ? Number(text) : undefined;
}
