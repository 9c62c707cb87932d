import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { Config } from "../config";
import { comingWipe } from "../crio/before-launch";
import { crioAnswers } from "../crio/daemon";
import type { Facts } from "./facts";
import type { Finding, Forecast } from "./finding";
import { layersById } from "./facts/store";

/** Where CRI-O leaves the mark of an orderly end, unless its configuration names another file. */
const usualCleanFile = "/var/lib/crio/clean.shutdown";

/** The marks of how CRI-O ended. */
export interface ShutdownMarks {
  /** The file that an orderly end leaves; "" where none is asked for. */
  readonly cleanFile: string;
  /** True where the last CRI-O did not end in order, and will look through its store. */
  readonly unclean: boolean;
  /** True where a CRI-O has left such marks. */
  readonly isUsed: boolean;
}

/** How the last CRI-O ended, by its marks. */
export function shutdownMarks(config: Config): ShutdownMarks {
  const cleanFile = textOf(config, "clean_shutdown_file") ?? usualCleanFile;
  const isUsed = cleanFile !== "" && existsSync(`${cleanFile}.supported`);
  return { cleanFile, unclean: isUsed && !existsSync(cleanFile), isUsed };
}

/** Whether CRI-O mends what it finds at odds after such an end (since 1.28). */
function repairs(config: Config): boolean {
  return textOf(config, "internal_repair") !== "false";
}

function textOf(config: Config, name: string): string | undefined {
  const found = config.further(["crio"], name);
  const value = found === undefined ? undefined : found.section.values[found.key];
  return typeof value === "string" || typeof value === "boolean" ? String(value) : undefined;
}

/** Whether a CRI-O runs on the store. */
export function crioRuns({ server: { config }, options }: Facts): Promise<boolean> {
  return options.live ? crioAnswers(config) : Promise.resolve(false);
}

/** The checks of whose findings CRI-O removes what they are about, and those that keep it from doing so. */
const repaired: ReadonlySet<string> = new Set([
  "storage.layer-unknown",
  "storage.layer-lost",
  "storage.layer-unowned",
  "storage.image-broken",
]);
const fatal: ReadonlySet<string> = new Set(["storage.layer-lost", "storage.record-corrupt"]);

/**
 * Tells what CRI-O will do when it starts the next time: by its marks, by its rules, and by what is at odds. While it runs
 * nothing is told but what its files say: an orderly end comes before the next start.
 */
export async function forecast(facts: Facts, findings: readonly Finding[]): Promise<Forecast> {
  const { config, store } = facts.server;
  // A disk of another node has its marks elsewhere.
  if (!facts.options.live || (await facts.get(crioRuns))) return { action: "none", why: [], bytes: 0 };
  const { cleanFile, unclean } = shutdownMarks(config);
  const wipe = comingWipe(config);
  const all = async (): Promise<number> =>
    [...(await facts.get(layersById)).values()].reduce((sum, layer) => sum + (layer["diff-size"] ?? 0), 0);
  const atOdds = findings.filter(({ id }) => repaired.has(id) || fatal.has(id));
  const ended = `CRI-O did not end in order: ${cleanFile} is missing`;
  if (unclean && repairs(config) && atOdds.some(({ id }) => fatal.has(id))) {
    const why = [
      ended,
      `it looks through ${store.layout.root}, cannot repair what is at odds, and wipes all of it`,
    ];
    return { action: "wipe-all", why, bytes: await all() };
  }
  if (wipe !== undefined) {
    const why = [
      `${wipe.missing} is missing, which CRI-O takes for ${wipe.what === "containers" ? "a reboot" : "an upgrade"}`,
    ];
    return wipe.what === "containers"
      ? { action: "wipe-containers", why, bytes: 0 }
      : { action: "wipe-images", why, bytes: await all() };
  }
  if (unclean && repairs(config) && atOdds.length > 0) {
    const why = [
      ended,
      `it removes what it finds at odds: ${atOdds.map(({ finding }) => finding).join(", ")}`,
    ];
    return { action: "repair", why, bytes: atOdds.reduce((sum, { bytes }) => sum + bytes, 0) };
  }
  return {
    action: "none",
    why: unclean ? [`${ended}; it looks through ${dirname(store.layout.layersLock)}`] : [],
    bytes: 0,
  };
}
