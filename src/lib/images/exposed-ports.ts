import { tolerate } from "../errors";
import { isStorageId } from "../names/ids";
import { readImageConfig } from "../storage/image-config";
import type { Store } from "../storage/store";
import { isRecord, parseJson } from "../system/files";

/** A port or a range of ports, with its protocol. */
const form = /^(\d{1,5}(?:-\d{1,5})?)(?:\/(tcp|udp|sctp))?$/i;

/**
 * The ports that an image exposes, with their protocols: `80/tcp`. None where the image is gone, or cannot be read.
 * @param imageId its id, under which its configuration lies where that is its digest, as nearly always
 */
export function exposedPorts(store: Store, imageId: string): string[] {
  if (!isStorageId(imageId)) return [];
  // A container outlives its image, and what the image exposed is no more than a hint.
  return tolerate([], () => {
    const { ExposedPorts: exposed } = readConfig(store, imageId);
    const names = isRecord(exposed) ? Object.keys(exposed) : [];
    return names.flatMap((name) => {
      const [, port, protocol = "tcp"] = form.exec(name) ?? [];
      return port === undefined ? [] : [`${port}/${protocol.toLowerCase()}`];
    });
  });
}

function readConfig(store: Store, id: Parameters<Store["imageData"]>[0]): Record<string, unknown> {
  const what = `the configuration of image ${id.slice(0, 13)}`;
  const usual = tolerate(undefined, () => parseJson(what, store.imageData(id, `sha256:${id}`).toString()));
  const file = usual ?? readImageConfig(store, { id });
  const config = isRecord(file) ? file.config : undefined;
  return isRecord(config) ? config : {};
}
