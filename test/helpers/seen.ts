import type { Seen } from "../../src/lib/events/seen";
import { testId } from "./store-tree";

/** A container as a look found it: created at 1000 and not started, unless the fields say otherwise. */
export function seenContainer(fields: Partial<Seen> = {}): Seen {
  return {
    ...{ type: "container", id: testId("web"), name: "k8s_web_shop_default_uid_0", image: "busybox" },
    ...{ podId: testId("pod"), labels: { app: "web" }, status: "created", pid: 7, created: 1_000 },
    ...{ started: undefined, finished: undefined, exitCode: undefined, ooms: 0, deadMonitor: 0 },
    ...fields,
  };
}
