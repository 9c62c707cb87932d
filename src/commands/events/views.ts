import { escapeControl } from "../../format/escape";
import { jsonLine } from "../../format/json";
import type { NodeEvent } from "../../lib/events/event";
import { openRowTemplate, readFormat, withSecondNames } from "../shared/output-format";

/** Makes the text of an event. */
export type EventView = (event: NodeEvent) => string;

/** Reads how events are to be shown. @throws UsageError for a template that cannot be read */
export async function openEventView({
  format: wanted,
  json,
}: {
  readonly format: string | undefined;
  readonly json: boolean;
}): Promise<EventView> {
  const format = json ? "json" : readFormat(wanted);
  if (format === "table") return eventLine;
  if (format === "json") return (event) => jsonLine(eventJson(event));
  const template = await openRowTemplate(format.template, {
    name: "events",
    dataType: "event",
    heading: false,
  });
  return (event) => template.render([templateFields(event)]);
}

/** An event as podman prints it, with the exit code among what is in brackets. */
function eventLine(event: NodeEvent): string {
  const { time, type, status, id, name, image, podId } = event;
  const head = `${goTime(time)} ${type} ${status} ${id}`;
  if (type === "image") return `${escapeControl(`${head} ${name}`.trimEnd())}\n`;
  const pairs = [
    ["image", image],
    ["name", name],
    ...(type === "pod" || podId === "" ? [] : [["pod_id", podId]]),
    ...(event.exitCode === undefined ? [] : [["exitCode", String(event.exitCode)]]),
    ...Object.entries(attributesOf(event)),
  ];
  return `${escapeControl(`${head} (${pairs.map((pair) => pair.join("=")).join(", ")})`)}\n`;
}

/** podman's keys in podman's order. */
function eventJson(event: NodeEvent): Record<string, unknown> {
  const { time, type, status, id, name, image, podId, exitCode } = event;
  const attributes = attributesOf(event);
  return {
    ...(exitCode === undefined ? {} : { ContainerExitCode: exitCode }),
    ID: id,
    ...(image === "" ? {} : { Image: image }),
    ...(name === "" ? {} : { Name: name }),
    ...{ Status: status, time: seconds(time), timeNano: nanoseconds(time), Type: type },
    ...(podId === "" || type === "pod" ? {} : { PodID: podId }),
    ...(Object.keys(attributes).length === 0 ? {} : { Attributes: attributes }),
  };
}

function templateFields(event: NodeEvent): object {
  const { time, type, status, id, name, image, podId, exitCode } = event;
  const fields = {
    ...{ ID: id, Image: image, Name: name, Status: status, Type: type, PodID: podId },
    ...{ Time: goTime(time), TimeNano: String(nanoseconds(time)) },
    ContainerExitCode: exitCode ?? "",
    Attributes: new Map(Object.entries(attributesOf(event))),
  };
  return withSecondNames(fields, { Action: "Status", Actor: "ID", ExitCode: "ContainerExitCode" });
}

function attributesOf({ labels, attributes }: NodeEvent): Record<string, string> {
  return { ...labels, ...attributes };
}

function seconds(time: number): number {
  return Math.floor(time / 1000);
}

/** Of whole milliseconds every digit is right, although there are more of them than a number holds. */
function nanoseconds(time: number): number {
  return Math.floor(time) * 1e6;
}

/** A time as Go prints it: `2006-01-02 15:04:05.123 +0100 CET`. */
function goTime(time: number): string {
  const date = new Date(time);
  const offset = -date.getTimezoneOffset();
  const local = new Date(time + offset * 60_000).toISOString().replace("T", " ").replace("Z", "");
  const minutes = Math.abs(offset);
  const pad = (value: number): string => String(value).padStart(2, "0");
  const shift = `${offset < 0 ? "-" : "+"}${pad(Math.floor(minutes / 60))}${pad(minutes % 60)}`;
  return `${local} ${shift} ${offset === 0 ? "UTC" : zoneName(date)}`;
}

function zoneName(date: Date): string {
  const parts = new Intl.DateTimeFormat("en-US", { timeZoneName: "short" }).formatToParts(date);
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? "";
}
