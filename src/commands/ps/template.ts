import { escapeControl } from "../../format/escape";
import { displayId } from "../../format/id";
import { Stringer } from "../../format/template/index";
import { humanAgo, timeText } from "../../format/units";
import { textOf } from "../../lib/system/go-json";
import type { Container } from "../../lib/oci/container";
import { mountsOf } from "../../lib/operations/spec-mounts";
import { ContainerRow, runningTime } from "./row";
import { withSecondNames } from "../shared/output-format";
import { labelMethod, labelsText, withMethod } from "../shared/template-labels";
import { readOr, type Listing } from "../shared/listing";

/** Headings of `table …` that are not the field's name in words. */
export const containerHeadings: Readonly<Record<string, string>> = {
  ID: "CONTAINER ID",
  ImageID: "IMAGE ID",
  PodID: "POD ID",
  PodNamespace: "K8S NAMESPACE",
};

/**
 * A container as templates of `ps` see it; a field is made when a template asks for it. Labels and Mounts print
 * as docker prints them, and can be ranged over; Size and RunningFor print in words, and compare as numbers.
 */
export function templateContainer(listing: Listing, container: Container): Readonly<Record<string, unknown>> {
  const { noTrunc, now } = listing;
  const row = new ContainerRow(listing, container);
  const { state } = container;
  const labels = (): Readonly<Record<string, string>> =>
    readOr(listing, container, {}, () => container.labels);
  const fields = {
    ID: row.id,
    get Image() {
      return escapeControl(row.image);
    },
    ImageID: displayId(container.imageId, { noTrunc }),
    get Command() {
      return row.command;
    },
    CreatedAt: timeText(container.createdAt),
    Created: row.created,
    RunningFor: new Stringer(
      runningTime(container, now) * 1_000_000,
      state?.started === undefined ? "" : humanAgo(state.started.getTime(), now),
    ),
    Status: row.status,
    get Ports() {
      return row.ports;
    },
    Size: new Stringer(listing.sizes?.get(container.id)?.rootFs ?? 0, row.size),
    Names: escapeControl(row.names),
    get Labels() {
      const all = labels();
      return new Stringer(new Map(Object.entries(all)), escapeControl(labelsText(all)));
    },
    get Mounts() {
      const mounts = readOr(listing, container, [], () => mountsOf(container.spec));
      const paths = mounts.filter(isBind).map(({ destination }) => destination);
      return new Stringer(paths, escapeControl(paths.join(",")));
    },
    get ProcessLabel() {
      return escapeControl(
        readOr(listing, container, "", () => textOf(container.spec.process?.selinuxLabel)),
      );
    },
    get MountLabel() {
      return escapeControl(readOr(listing, container, "", () => textOf(container.spec.linux?.mountLabel)));
    },
    PID: row.pid,
    get Cgroup() {
      return row.namespaces?.cgroup ?? "";
    },
    get IPC() {
      return row.namespaces?.ipc ?? "";
    },
    get MNT() {
      return row.namespaces?.mnt ?? "";
    },
    get NET() {
      return row.namespaces?.net ?? "";
    },
    get PIDNS() {
      return row.namespaces?.pid ?? "";
    },
    get User() {
      return row.namespaces?.user ?? "";
    },
    get UTS() {
      return row.namespaces?.uts ?? "";
    },
    Pod: escapeControl(row.pod),
    PodID: displayId(container.sandboxId, { noTrunc }),
    PodNamespace: escapeControl(row.podNamespace),
    State: state?.status ?? "unknown",
    // Nothing where it has not ended: 0 would be a success.
    ExitCode: new Stringer(
      state?.exitCode ?? null,
      state?.exitCode === undefined ? "" : String(state.exitCode),
    ),
  };
  return withMethod(withSecondNames(fields, secondNames), "Label", labelMethod(labels));
}

/** What podman calls some of the fields. */
const secondNames = {
  ContainerID: "ID",
  CreatedHuman: "Created",
  PodName: "Pod",
  Pid: "PID",
  CGROUPNS: "Cgroup",
  USERNS: "User",
} as const;

/** The mounts that lead to a directory or file of the host, and not those of the kernel. */
function isBind({ type, options }: { type: string; options: readonly string[] }): boolean {
  return type === "bind" || options.includes("bind") || options.includes("rbind");
}
