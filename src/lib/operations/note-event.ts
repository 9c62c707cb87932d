/* What changes write into the journal of changes, for who watches events. */
import type { EventStatus, NotedEvent } from "../events/event";
import { noteEvents } from "../events/journal";
import { tolerate } from "../errors";
import type { Container } from "../oci/container";
import { hasOomMarker, readExitFile } from "../oci/state/exit-file";
import type { Sandbox } from "../sandbox/sandbox";
import type { ServerView } from "../server-parts";

type Noting = Pick<ServerView, "config" | "logger">;

/** What an event says beyond its container. */
type More = Partial<Pick<NotedEvent, "time" | "attributes" | "exitCode" | "pid" | "name">>;

/** Writes down what was done with a container. Of an infra container its pod alone is told. */
export function noteContainer(
  { config, logger }: Noting,
  container: Container,
  status: EventStatus,
  more: More = {},
): void {
  if (container.infra) return;
  noteEvents(config.runRoot, [containerEvent(container, status, more)], logger);
}

/**
 * Writes down how a container ended, where that is known and it has run: for who did not see it, as it is removed or started
 * anew at once.
 */
export function noteEnd({ config, logger }: Noting, container: Container): void {
  const { id, dir, bundlePath, infra } = container;
  if (infra) return;
  // What cannot be read tells of no end, and keeps nobody from a change.
  const exit = tolerate(undefined, () => readExitFile({ id, dir, exitsDir: config.containerExitsDir }));
  if (exit === undefined) return;
  const time = Math.floor(exit.finished.getTime());
  const ended = containerEvent(container, "died", { time, exitCode: exit.exitCode });
  const oom = hasOomMarker(dir, bundlePath) ? [containerEvent(container, "oom", { time })] : [];
  noteEvents(config.runRoot, [...oom, ended], logger);
}

/** Writes down what was done with a pod. */
export function notePod(
  { config, logger }: Noting,
  sandbox: Sandbox,
  statuses: readonly EventStatus[],
): void {
  const { id, kubeName, infraContainer } = sandbox;
  const labels = tolerate({}, () => sandbox.labels);
  const events = statuses.map((status): NotedEvent => {
    const time = status === "create" ? infraContainer.createdAt.getTime() : Date.now();
    return { time, type: "pod", status, id, name: kubeName, image: "", podId: id, labels, attributes: {} };
  });
  noteEvents(config.runRoot, events, logger);
}

function containerEvent(container: Container, status: EventStatus, more: More): NotedEvent {
  const { id, name, imageName, sandboxId } = container;
  return {
    ...{ time: Date.now(), type: "container", status, id, name, image: imageName, podId: sandboxId },
    labels: tolerate({}, () => container.labels),
    attributes: {},
    ...more,
  };
}
