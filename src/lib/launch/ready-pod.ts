import { KpodError } from "../errors";
import type { Sandbox } from "../sandbox/sandbox";
import type { ServerView } from "../server-parts";

/**
 * The pod as it is now, in which a container can be made: its state was just looked up.
 * @throws KpodError BAD_STATE where it is not ready, or gone
 */
export function requireReadyPod(
  { lists }: Pick<ServerView, "lists">,
  { id, kubeName }: Pick<Sandbox, "id" | "kubeName">,
): Sandbox {
  const pod = lists.getSandbox(id);
  if (pod?.state === "Ready") return pod;
  throw pod?.state === "Creating"
    ? new KpodError("BAD_STATE", `pod ${kubeName} is still being made`, {
        hint: "try again once it is ready",
      })
    : new KpodError("BAD_STATE", `pod ${kubeName} is not ready: its infra container does not run`, {
        hint: "make another pod",
      });
}
