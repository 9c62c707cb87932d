import { dirname } from "node:path";
import type { Config } from "../config";
import { comingWipe } from "../crio/before-launch";
import { crioAnswers } from "../crio/daemon";
import { crioSetting, shutdownMarks } from "../crio/shutdown-marks";
import type { Facts } from "./facts";
import type { Finding, Forecast } from "./finding";
import { layersById } from "./facts/store";

/** Whether CRI-O mends what it finds at odds after such an end (since 1.28). */
function repairs(config: Config): boolean {
  return crioSetting(config, "internal_repair") !== "false";
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
