// What the demo and the playground have on their nodes: images made of this machine's busybox, a pod, containers.
import { join } from "node:path";
import { makeBusyboxImage, makePauseImage } from "./image.mjs";

/** Makes the two images below the node's directory. */
export function makeImages({ directory }) {
  return {
    busybox: makeBusyboxImage(join(directory, "images/busybox")),
    pause: makePauseImage(join(directory, "images/pause")),
  };
}

/** Words for kpod that launch the pod `demo`. */
export function podWords({ cgroupParent }) {
  return ["pod", "run", "--name", "demo", "--label", "app=demo", "--cgroup-parent", cgroupParent];
}

/** Words for kpod that launch containers in it: one writes a log, one idles. */
export function containerWords({ busybox }) {
  const run = ["run", "-d", "--pod", "demo"];
  const ticker = ["sh", "-c", "trap exit TERM; while sleep 1; do date; done"];
  const labels = ["--label", "tier=cache", "--label", "owner=you"];
  return [
    [...run, "--name", "ticker", busybox.name, ...ticker],
    [...run, "--name", "idle", ...labels, busybox.name, "sleep", "86400"],
  ];
}
