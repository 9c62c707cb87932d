import { constants } from "node:os";
import { errorMessage } from "../errors";
import type { Container } from "../oci/container";
import type { ServerView } from "../server-parts";

/** True for a signal by which somebody wants what runs to end. */
export function asksToEnd(name: NodeJS.Signals): boolean {
  return name === "SIGINT" || name === "SIGTERM" || name === "SIGHUP";
}

/** Sends a container a signal that this process got; one that does not reach it is a warning, unless it has ended. */
export async function forwardSignal(
  server: Pick<ServerView, "runtime" | "logger">,
  container: Container,
  name: NodeJS.Signals,
): Promise<void> {
  try {
    await server.runtime.killContainer(container, constants.signals[name]);
  } catch (error) {
    // It has just ended: that is what the signal was for.
    if ((await server.runtime.updateStatus(container)).status === "stopped") return;
    server.logger.warn(
      `${name} did not reach container ${container.id.slice(0, 13)} (${container.name}): ${errorMessage(error)}`,
    );
  }
}
