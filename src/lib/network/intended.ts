import { existsSync } from "node:fs";
import { join } from "node:path";
import { goJson } from "../system/go-json";
import { fileLimits, isRecord, readTextIfThere, removeIfThere, writeFileAtomic } from "../system/files";
import { attachmentText, readAttachment, type Attachment, type CachedAttachment } from "./cache";
import { jsonOf } from "./plugin";

/**
 * The attachments that a pod is about to get. The file is there from before the first plugin is called until all are in
 * libcni's cache: where a launch was killed, it says what there is to take down.
 */
const name = "kpod-networks.json";

/** @param dir the directory of the infra container that lives through a reboot */
export function writeIntended(dir: string, attachments: readonly Attachment[]): void {
  const entries = attachments.map((attachment) => JSON.parse(attachmentText(attachment)) as unknown);
  writeFileAtomic(join(dir, name), goJson(entries), 0o600);
}

/** What a launch is at, or was when it was killed; none where all is cached. @throws KpodError NOT_PERMITTED, IO */
export function readIntended(dir: string): CachedAttachment[] {
  const path = join(dir, name);
  const value = jsonOf(readTextIfThere(path, fileLimits.config) ?? "[]");
  if (!Array.isArray(value)) return [];
  return value.filter(isRecord).flatMap((entry) => {
    const { networkName, containerId, ifName } = entry;
    if (typeof networkName !== "string" || typeof containerId !== "string" || typeof ifName !== "string")
      return [];
    return [{ path, networkName, containerId, ifName, ...readAttachment(JSON.stringify(entry)) }];
  });
}

/** True while the plugins are at it, or where a launch was killed then: only kpod writes such a note. */
export function isConnecting({ dir }: { readonly dir: string }): boolean {
  return existsSync(join(dir, name));
}

/** Says that all is cached, or taken down. */
export function removeIntended(dir: string): void {
  removeIfThere(join(dir, name));
}
