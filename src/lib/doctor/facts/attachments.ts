import { cniPluginDirs, type Config } from "../../config";
import {
  listCachedAttachments,
  namespaceOfGone,
  readCachedAttachments,
  type CachedAttachment,
} from "../../network/cache";
import { cachedNetwork } from "../../operations/pod-network";
import { realPath } from "../../system/mount";
import type { MendStep } from "../step";

/** What libcni has cached of networks, by the real path of the network namespace that it names. */
export function attachmentsByNamespace(): ReadonlyMap<string, readonly CachedAttachment[]> {
  const found = new Map<string, CachedAttachment[]>();
  const ids = new Set(listCachedAttachments().map(({ containerId }) => containerId));
  for (const attachment of [...ids].flatMap((id) => readCachedAttachments(id))) {
    if (attachment.netns === "") continue;
    const place = realPath(attachment.netns);
    found.set(place, [...(found.get(place) ?? []), attachment]);
  }
  return found;
}

/** The step that has plugins take down what is cached; none where the cache does not say which. */
export function detachSteps(config: Config, cached: CachedAttachment): MendStep[] {
  const { path, containerId: id, networkName: network, ifName } = cached;
  const netns = namespaceOfGone(cached);
  const plugins = cachedNetwork(cached.config)?.plugins.map(({ type }) => type);
  if (plugins === undefined) return [];
  const pluginDirs = cniPluginDirs(config);
  return [{ do: "detach-network", path, id, network, ifName, netns, plugins, pluginDirs }];
}
