import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { giveToNamespace, openWay } from "../../../src/lib/launch/user-namespace";
import { getFileCapabilities, setFileCapabilities } from "../../../src/lib/system/extended-attributes";
import { mount, mountFlags, unmount } from "../../../src/lib/system/mount";
import { failureOf } from "../../helpers/failure";

const mappings = {
  uids: [
    { hostID: 100_000, size: 1000 },
    { containerID: 1000, hostID: 300_000, size: 10 },
  ],
  gids: [{ containerID: 0, hostID: 200_000, size: 65_536 }],
};

/** cap_net_bind_service+ep, as the kernel keeps it. */
const bindService = Buffer.from("0100000200040000000000000000000000000000", "hex");

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "kpod-userns-"));
});

afterEach(() => {
  unmount(join(directory, "merged"));
  rmSync(directory, { recursive: true });
});

/** A root file system whose files lie in a layer below. */
function mountTree(make: (lower: string) => void): string {
  for (const name of ["lower", "upper", "work", "merged"]) mkdirSync(join(directory, name));
  const [lower, upper, work, merged] = ["lower", "upper", "work", "merged"].map((name) =>
    join(directory, name),
  ) as [string, string, string, string];
  make(lower);
  mount({
    source: "overlay",
    target: merged,
    type: "overlay",
    data: `lowerdir=${lower},upperdir=${upper},workdir=${work}`,
  });
  return merged;
}

const ownersOf = (path: string): number[] => {
  const { uid, gid } = lstatSync(path);
  return [uid, gid];
};

test("everything gets its owner on the node, and loses nothing by it", async () => {
  const outside = join(directory, "outside");
  writeFileSync(outside, "");
  const merged = mountTree((lower) => {
    mkdirSync(join(lower, "bin"));
    for (const name of ["su", "ping", "one"]) writeFileSync(join(lower, "bin", name), name, { mode: 0o755 });
    chmodSync(join(lower, "bin/su"), 0o6755);
    setFileCapabilities(join(lower, "bin/ping"), bindService);
    linkSync(join(lower, "bin/one"), join(lower, "bin/two"));
    symlinkSync(outside, join(lower, "link"));
    mkdirSync(join(lower, "home"), { mode: 0o700 });
    chownSync(join(lower, "home"), 1003, 42);
    chmodSync(join(lower, "home"), 0o2770);
  });
  writeFileSync(join(merged, "new"), "");
  linkSync(join(merged, "new"), join(merged, "newer"));
  await giveToNamespace([merged], mappings);
  for (const name of ["", "bin", "bin/su", "bin/ping", "bin/one", "bin/two", "link", "new", "newer"]) {
    expect([name, ...ownersOf(join(merged, name))]).toEqual([name, 100_000, 200_000]);
  }
  expect(ownersOf(join(merged, "home"))).toEqual([300_003, 200_042]);
  expect(lstatSync(join(merged, "home")).mode & 0o7777).toBe(0o2770);
  expect(lstatSync(join(merged, "bin/su")).mode & 0o7777).toBe(0o6755);
  expect(getFileCapabilities(join(merged, "bin/ping"))).toEqual(bindService);
  expect(getFileCapabilities(join(merged, "bin/su"))).toBeUndefined();
  // Neither what links lead to nor the layer below, which is of others too.
  for (const name of ["outside", "lower", "lower/bin/one", "lower/bin/su"]) {
    expect([name, ...ownersOf(join(directory, name))]).toEqual([name, 0, 0]);
  }
});

test("a file of somebody who is not in the namespace is told of", async () => {
  const merged = mountTree((lower) => {
    writeFileSync(join(lower, "stray"), "");
    chownSync(join(lower, "stray"), 1010, 0);
  });
  const error = await failureOf(() => giveToNamespace([merged], mappings));
  expect([error.code, error.message]).toEqual([
    "UNSUPPORTED",
    `${merged}/stray belongs to user 1010, which the user namespace of the pod does not have`,
  ]);
});

test("a place that cannot be written is told of, and so is an interruption", async () => {
  mkdirSync(join(directory, "merged"));
  mount({ source: "none", target: join(directory, "merged"), type: "tmpfs", flags: mountFlags.readonly });
  const trees = [join(directory, "merged")];
  const full = await failureOf(() => giveToNamespace(trees, mappings));
  expect([full.code, full.message]).toEqual([
    "IO",
    expect.stringContaining(`cannot give ${directory}/merged to the user namespace of the pod: `),
  ]);
  const interrupted = await failureOf(() => giveToNamespace(trees, mappings, AbortSignal.abort()));
  expect(interrupted.code).toBe("INTERRUPTED");
});

test("the way to the root file system is opened in its own directory alone", async () => {
  const [closed, store] = [join(directory, "closed"), join(directory, "closed/store")];
  const root = join(store, "layer/merged");
  mkdirSync(root, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o711);
  const error = await failureOf(() => openWay(root, "layer"));
  expect([error.message, error.hint]).toEqual([
    `the users of the pod's user namespace cannot pass through ${closed}, ${store}`,
    `use chmod o+x ${closed} ${store}`,
  ]);
  for (const path of [closed, store]) chmodSync(path, 0o701);
  await openWay(root, "layer");
  expect(lstatSync(join(store, "layer")).mode & 0o7777).toBe(0o711);
  expect(lstatSync(store).mode & 0o7777).toBe(0o701);
});
