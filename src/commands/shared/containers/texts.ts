import { displayId } from "../../../format/id";
import { displayImageName } from "../../../format/image-name";
import { humanAgo, humanDuration, humanSize } from "../../../format/units";
import type { Container } from "../../../lib/oci/container";
import type { ContainerState } from "../../../lib/oci/state/container-state";
import type { ContainerSizes } from "../../../lib/operations/sizes";
import type { PortMapping } from "../../../lib/sandbox/sandbox";

/** How long a command may be before it is cut in the middle of a table. */
const longestCommand = 20;

/** The state of a container in words: `Up 2 minutes`, `Exited (3) 5 seconds ago`. */
export function statusText(state: ContainerState | undefined, now: number): string {
  switch (state?.status) {
    case "creating":
      return "Creating";
    case "created":
      return "Created";
    case "running":
      return upText(state, now);
    case "paused":
      return `${upText(state, now)} (Paused)`;
    case "stopped": {
      const ago = state.finished === undefined ? "" : ` ${humanAgo(state.finished.getTime(), now)}`;
      return `Exited (${state.exitCode ?? "?"})${ago}${state.oomKilled ? " (OOMKilled)" : ""}`;
    }
    default:
      return "Unknown";
  }
}

function upText({ started, created }: ContainerState, now: number): string {
  const since = started ?? created;
  return since === undefined ? "Up" : `Up ${humanDuration(now - since.getTime())}`;
}

/** How long a container has run, or ran, in milliseconds; 0 for one that never did. */
export function runningTime({ state, createdAt }: Container, now: number): number {
  if (state === undefined || state.status === "creating" || state.status === "created") return 0;
  const started = state.started ?? createdAt;
  const ended = state.status === "stopped" ? (state.finished ?? started).getTime() : now;
  return Math.max(0, ended - started.getTime());
}

/** What a container runs, in one line. @throws KpodError CORRUPT */
export function commandLine(container: Container): string {
  return container.args.join(" ");
}

/** The beginning of a command, for a column. */
export function shortCommand(command: string): string {
  return command.length <= longestCommand ? command : `${command.slice(0, longestCommand - 3)}...`;
}

/** The name of an image as a column shows it; an id is cut. */
export function imageText(name: string, noTrunc: boolean): string {
  return name.length === 64 && /^[0-9a-f]*$/.test(name)
    ? displayId(name, { noTrunc })
    : displayImageName(name, { noTrunc });
}

/** Ports as docker writes them: `0.0.0.0:8080->80/tcp, 53/udp`. */
export function portsText(mappings: readonly PortMapping[]): string {
  if (mappings.length === 0) return "";
  return mappings
    .map(({ hostIp, hostPort, containerPort, protocol }) => {
      const from = hostPort === 0 ? "" : `${hostIp === "" ? "0.0.0.0" : hostIp}:${hostPort}->`;
      return `${from}${containerPort}/${protocol}`;
    })
    .join(", ");
}

/** What stands for a number that is not known. */
export const unknownNumber = "--";

/** Sizes as docker writes them: `12.3kB (virtual 2.15MB)`, the read-write layer and all layers together. */
export function sizeText(sizes: ContainerSizes | undefined): string {
  if (sizes === undefined) return unknownNumber;
  return `${humanSize(sizes.rw)} (virtual ${humanSize(sizes.rw + sizes.rootFs)})`;
}

/** A moment as docker writes it: `2026-11-23 14:02:11 +0000 UTC`. */
export function timeText(moment: Date): string {
  return `${moment.toISOString().slice(0, 19).replace("T", " ")} +0000 UTC`;
}

/** Labels as docker writes them: `a=1,b=2`. */
export function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}
