import { addressesOf, readLeases } from "../network/leases";
import { readNetworks } from "../network/networks";
import { storeUsage } from "../operations/store-usage";
import type { ServerView } from "../server-parts";
import { isHeldForWriting } from "../storage/lock-holder";
import { allProcesses } from "../system/process";
import { Facts, type LookOptions } from "./facts";
import { pins } from "./facts/pins";
import type { Examination } from "./finding";
import { crioRuns } from "./forecast";

/** Something that is counted, with what tells it from others of its name. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What is counted on a node, beside what is at odds: a name, what it is, and each of it. */
export interface Measure {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** How a node is measured. */
export interface MeasureOptions extends LookOptions {
  /** Milliseconds since 1970 at which the examination began. */
  readonly began: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Counts on a node what a monitoring watches over time. What asks the kernel is left out on the disk of another node, and
 * what walks trees in a hurry.
 * @throws KpodError CORRUPT, IO, NOT_PERMITTED where something cannot be read; INTERRUPTED
 */
export async function measureNode(
  server: ServerView,
  examination: Examination,
  options: MeasureOptions,
): Promise<readonly Measure[]> {
  const facts = new Facts(server, options);
  return [
    ...(options.quick ? [] : await storageMeasures(server, options.signal)),
    ...(options.live
      ? [
          ...leaseMeasures(server, examination),
          pinMeasure(facts, examination),
          one(
            "kpod_processes_uninterruptible",
            "Processes that wait in the kernel and cannot be interrupted.",
            facts.get(allProcesses).filter(({ state }) => state === "D").length,
          ),
          one(
            "kpod_crio_responding",
            "Whether CRI-O answers on its socket.",
            (await facts.get(crioRuns)) ? 1 : 0,
          ),
          lockMeasure(server, examination, options.began),
        ]
      : []),
  ];
}

function one(name: string, help: string, value: number): Measure {
  return { name, help, samples: [{ labels: {}, value }] };
}

async function storageMeasures(
  server: ServerView,
  signal: AbortSignal | undefined,
): Promise<readonly Measure[]> {
  const rows = await storeUsage(server, signal);
  const sizeOf = (wanted: string): number => rows.find(({ type }) => type === wanted)?.size ?? 0;
  const staging = rows
    .flatMap(({ items }) => items)
    .filter(({ kind }) => kind === "temporary")
    .reduce((sum, { size = 0 }) => sum + size, 0);
  const kinds = {
    images: sizeOf("Images"),
    containers: sizeOf("Containers"),
    unowned: sizeOf("Unowned") - staging,
    staging,
  };
  const reclaimable = rows.reduce((sum, row) => sum + row.reclaimable, 0);
  return [
    {
      name: "kpod_storage_bytes",
      help: "What the store takes of the disk.",
      samples: Object.entries(kinds).map(([kind, value]) => ({ labels: { kind }, value })),
    },
    one("kpod_storage_reclaimable_bytes", "What the disk would get back of the store.", reclaimable),
  ];
}

/** The paths that findings of a check are about. */
function pathsOf({ findings }: Examination, check: string): ReadonlySet<string | undefined> {
  return new Set(findings.filter(({ id }) => id === check).map(({ object }) => object.path));
}

function leaseMeasures({ config }: ServerView, examination: Examination): readonly Measure[] {
  const leaked = pathsOf(examination, "net.lease-leaked");
  const leases: Sample[] = [];
  const ranges: Sample[] = [];
  for (const list of readNetworks(config).networks) {
    const total = addressesOf(list);
    if (total === undefined) continue;
    const { name: network } = list;
    const given = readLeases(list);
    const lost = given.filter(({ path }) => leaked.has(path)).length;
    leases.push(
      { labels: { network, state: "used" }, value: given.length - lost },
      { labels: { network, state: "leaked" }, value: lost },
    );
    ranges.push({ labels: { network }, value: total });
  }
  return [
    { name: "kpod_cni_leases", help: "Addresses that host-local has given away.", samples: leases },
    { name: "kpod_cni_range_addresses", help: "Addresses that a network has for pods.", samples: ranges },
  ];
}

function pinMeasure(facts: Facts, examination: Examination): Measure {
  const leaked = pathsOf(examination, "ns.pin-left");
  const counts = new Map<string, number>();
  for (const { type, path, isNamespace } of facts.get(pins)) {
    const state = leaked.has(path) ? "leaked" : isNamespace ? "used" : "invalid";
    counts.set(`${type} ${state}`, (counts.get(`${type} ${state}`) ?? 0) + 1);
  }
  const samples = [...new Set([...counts.keys()].map((key) => key.split(" ")[0] ?? ""))].flatMap((kind) =>
    ["used", "leaked", "invalid"].map((state) => ({
      labels: { kind, state },
      value: counts.get(`${kind} ${state}`) ?? 0,
    })),
  );
  return { name: "kpod_namespace_pins", help: "Namespaces that are pinned for pods.", samples };
}

/** How long a lock was seen to be held, by whoever held it all the while. */
function lockMeasure({ store: { layout } }: ServerView, examination: Examination, began: number): Measure {
  const held = pathsOf(examination, "storage.lock-held");
  const locks = {
    layers: layout.layersLock,
    images: layout.imagesLock,
    containers: layout.containersLock,
    mounts: layout.mountsLock,
  };
  const seconds = (path: string): number =>
    held.has(path) && isHeldForWriting(path) ? (Date.now() - began) / 1000 : 0;
  return {
    name: "kpod_lock_held_seconds",
    help: "How long a lock of the store was seen to be held for writing.",
    samples: Object.entries(locks).map(([lock, path]) => ({ labels: { lock }, value: seconds(path) })),
  };
}
