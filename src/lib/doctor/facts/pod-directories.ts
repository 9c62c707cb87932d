import { join } from "node:path";
import { tolerate } from "../../errors";
import { isStorageId } from "../../names/ids";
import { readTextIfThere } from "../../system/files";
import type { Facts } from "../facts";
import { containersWithStates } from "./containers";
import { podUids, specGlances } from "./specs";

/** The directories of the kubelet in which containers of this store have volumes, a directory each pod. */
export async function podDirectories(facts: Facts): Promise<readonly string[]> {
  const uids = await facts.get(podUids);
  const glanceOf = await facts.get(specGlances);
  const places = (await facts.get(containersWithStates)).flatMap(({ dir, infra, id, sandboxId }) => {
    const uid = uids.get(infra ? id : sandboxId) ?? "";
    if (!/^[0-9A-Za-z-]+$/.test(uid)) return [];
    // To parse the specs of a thousand containers for it would take long, and much memory.
    if (isStorageId(id) && !glanceOf(id).mayNamePods) return [];
    const path = join(dir, "config.json");
    const text = tolerate("", () => readTextIfThere(path) ?? "");
    if (!text.includes(`/pods/${uid}/`)) return [];
    const sources = text.matchAll(new RegExp(`"source": ?"([^"\\\\]*/pods)/${uid}/`, "g"));
    return [...sources].flatMap(([, directory]) => directory ?? []);
  });
  return [...new Set(places)];
}
