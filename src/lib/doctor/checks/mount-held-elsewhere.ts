import { existsSync } from "node:fs";
import { isStorageId } from "../../names/ids";
import { ownLayerOf } from "../../storage/layer-users";
import type { ContainerRecord } from "../../storage/records";
import { readMounts } from "../../system/mount";
import { holder, holderInWords } from "../../system/mount-holders";
import { mountNamespaceOf } from "../../system/namespaces";
import type { Check } from "../check";
import type { Facts } from "../facts";
import { runningContainers } from "../facts/containers";
import { mountTargets, nodeMounts, realRoots } from "../facts/mounts";
import { namespaceMounts } from "../facts/namespace-mounts";
import { containerRecordFiles, noContainer } from "../facts/record-files";
import { objectOf, ownRecords, storeContents, wholeLayers } from "../facts/store";
import type { Found } from "../finding";
import { quoted } from "../quoted";

export const check: Check = {
  id: "storage.mount-held-elsewhere",
  rank: 42,
  severity: "breaks-now",
  about: `A container has ended, or is gone, its file system is not mounted on the node any more, and in the mount namespace of another
service it still is: that was made while it was mounted, and does not follow the node (\`PrivateMounts\`, a container with the
node's \`/\` in it). Its removal fails with "device or resource busy", or the disk does not get its bytes back. The namespace
is told by the process in it with the lowest pid and its unit; start that unit anew, or unmount there.`,
  quick: false,
  live: true,
  asks: [namespaceMounts],
  find: findHeldElsewhere,
};

async function findHeldElsewhere(facts: Facts): Promise<readonly Found[]> {
  const { root } = facts.get(realRoots);
  const { layout } = facts.server.store;
  if (layout.driver !== "overlay") return [];
  const { containers } = await facts.get(storeContents);
  const own = await facts.get(ownRecords);
  const byLayer = new Map<string | undefined, ContainerRecord>(
    containers.map((record) => [ownLayerOf(record), record]),
  );
  const running = new Set<string>((await facts.get(runningContainers)).map(({ layerId }) => layerId));
  const whole = new Set<string>((await facts.get(wholeLayers)).map(({ id }) => id));
  const here = await facts.get(mountTargets);
  const { viewer } = await facts.get(nodeMounts);
  const seenFrom = mountNamespaceOf(viewer ?? "self");
  const home = `${root}/overlay/`;
  const found: Found[] = [];
  for (const { namespace, pid, text } of await facts.get(namespaceMounts)) {
    if (namespace === seenFrom || !text.includes("/merged")) continue;
    for (const { target } of readMounts(text)) {
      // Where the node's / is mounted within, the path of the store lies below that.
      const at = target.indexOf(home);
      const [, layer] = /^([0-9a-f]{64})\/merged(?:\/\/deleted)?$/.exec(target.slice(at + home.length)) ?? [];
      if (at < 0 || !isStorageId(layer) || running.has(layer) || here.has(`${home}${layer}/merged`)) continue;
      const record = byLayer.get(layer);
      // What is podman's or buildah's is nobody's business here, and a store within a container may have the same path.
      if (record !== undefined && !own.has(record.id)) continue;
      // A layer that nobody has removed is that of an image, which somebody may have mounted.
      if (record === undefined && (whole.has(layer) || !existsSync(`${home}${layer}`))) continue;
      const who = holder(pid);
      const inside = target.replace(/\/\/deleted$/, "");
      found.push({
        severity: "breaks-now",
        object:
          record === undefined
            ? { kind: "mount", path: `${home}${layer}/merged`, pid }
            : { ...objectOf(own, record), pid },
        key: `${namespace} ${layer}`,
        evidence: [
          { file: `/proc/${pid}/mountinfo`, says: `has ${inside} mounted: ${holderInWords(who)}` },
          { file: `/proc/${viewer ?? "self"}/mountinfo`, says: "has it not" },
          ...(record === undefined
            ? noContainer(facts, "has no container of this layer")
            : [
                {
                  file: facts.get(containerRecordFiles)(record.id),
                  says: "has its container, which does not run",
                },
              ]),
        ],
        consequence:
          'its removal may fail ("device or resource busy"), and the disk does not get its bytes back',
        mend: {
          class: "N",
          what: "start anew what holds it, or unmount it there",
          commands: [
            ...(who.unit.endsWith(".service") ? [`systemctl restart ${quoted(who.unit)}`] : []),
            `nsenter -m -t ${pid} umount ${quoted(inside)}`,
          ],
        },
      });
    }
  }
  return found;
}
