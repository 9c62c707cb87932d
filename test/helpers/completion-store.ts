import { storeTree, testId, type TestContainer, type TestPod } from "./store-tree";
import type { Tree } from "./testdir";

const shop: TestPod = { id: testId("shop", "5a"), name: "shop", namespace: "default", uid: "u1" };
const dns: TestPod = { id: testId("dns", "d5"), name: "dns", namespace: "kube-system", uid: "u2" };
const idle: TestPod = { id: testId("idle", "1d"), name: "idle", namespace: "default", uid: "u3" };

function container(name: string, pod: TestPod, prefix: string, minute: number, attempt = 0): TestContainer {
  const created = `2023-11-14T22:0${minute}:00Z`;
  const attempts = attempt === 0 ? {} : { attempt };
  return {
    id: testId(`${name} ${pod.name} ${attempt}`, prefix),
    name,
    pod,
    created,
    ...attempts,
  };
}

const shopWeb = container("web", shop, "ab12", 5);
const shopCache = container("cache", shop, "cc", 4);
const shopJob = container("job", shop, "e0", 3);
const shopJobAgain = container("job", shop, "e1", 6, 1);
const dnsWeb = container("web", dns, "ab99", 2);

/** The layers of the cache: what it has written lies over its image, of which it has removed a file. */
const [cacheLayer, imageLayer] = [testId(`layer of ${shopCache.id}`), testId("layer of busybox")];

const layers: Tree = {
  "root/overlay-layers/layers.json": JSON.stringify([
    { id: imageLayer },
    { id: cacheLayer, parent: imageLayer },
  ]),
  [`root/overlay/${imageLayer}/diff/etc/hosts`]: "",
  [`root/overlay/${imageLayer}/diff/etc/.hidden`]: "",
  [`root/overlay/${imageLayer}/diff/usr/bin/sh`]: "",
  [`root/overlay/${imageLayer}/diff/bin`]: { symlink: "/../usr/bin" },
  [`root/overlay/${cacheLayer}/diff/etc/motd`]: "",
  [`root/overlay/${cacheLayer}/diff/srv/a name's`]: "",
  [`root/overlay/${cacheLayer}/diff/srv/line\nbreak`]: "",
  [`root/overlay/${cacheLayer}/diff/srv/out`]: { symlink: "../../../../../../../../../etc" },
  [`root/overlay/${cacheLayer}/diff/srv/round`]: { symlink: "round" },
};

const images = [
  {
    id: testId("busybox", "b0"),
    names: ["docker.io/library/busybox:latest"],
    created: "2023-10-01T00:00:00Z",
  },
  { id: testId("app", "a9"), names: ["localhost/app:1"], created: "2023-10-02T00:00:00Z" },
  { id: testId("nameless", "0f"), created: "2023-10-03T00:00:00Z" },
];

/** Ids of the store of {@link completionStore}. */
export const completionIds = {
  shop: shop.id,
  shopWeb: shopWeb.id,
  dnsWeb: dnsWeb.id,
  cache: shopCache.id,
  nameless: testId("nameless", "0f"),
} as const;

function state(id: string, status: string): Tree {
  return { [`root/overlay-containers/${id}/userdata/state.json`]: `${JSON.stringify({ id, status })}\n` };
}

function network(name: string): string {
  return JSON.stringify({ cniVersion: "1.0.0", name, plugins: [{ type: "bridge" }] });
}

/**
 * A store to complete names from, with the networks blue and green in `net.d`: pod default/shop with a running web, a paused
 * cache and a job that ended and runs again; pod kube-system/dns, stopped, with a web of which state.json says
 * that it runs but whose exit was written down; pod default/idle without containers; three images. The cache has files.
 */
export function completionStore(): Tree {
  return {
    ...storeTree([shop, dns, idle], [shopWeb, shopCache, shopJob, shopJobAgain, dnsWeb]),
    ...state(shop.id, "running"),
    ...state(dns.id, "running"),
    ...state(shopWeb.id, "running"),
    ...state(shopCache.id, "paused"),
    ...state(shopJob.id, "stopped"),
    ...state(shopJobAgain.id, "running"),
    ...state(dnsWeb.id, "running"),
    [`root/overlay-containers/${dnsWeb.id}/userdata/exit`]: "137",
    [`root/overlay-containers/${dns.id}/userdata/stopped`]: "",
    "root/overlay-images/images.json": JSON.stringify(images),
    ...layers,
    "bin/bridge": { content: "", mode: 0o755 },
    "net.d/10-blue.conflist": network("blue"),
    "net.d/20-green.conflist": network("green"),
    "net.d/30-broken.conflist": "{",
  };
}
