import { isRecord } from "../system/files";
import type { ContainerMetadata } from "./container-metadata";
import type { ContainerRecord } from "./records";

/** True for a record whose names are in CRI-O's form. */
export function hasNameOfCrio({ names }: ContainerRecord): boolean {
  return names?.some((name) => name.startsWith("k8s_")) === true;
}

/**
 * True for a record without readable metadata of CRI-O that may be CRI-O's all the same: by its names, or because
 * nobody can read its metadata. Others (podman, buildah) write JSON, or nothing, and always give names.
 */
export function mayBeDamaged(record: ContainerRecord): boolean {
  if (hasNameOfCrio(record) || (record.names ?? []).length === 0) return true;
  return record.metadata !== undefined && record.metadata !== "" && parsed(record.metadata) === undefined;
}

/** What keeps the metadata of a record from being CRI-O's, in words that follow "its metadata". */
export function describeDamage(text: string | undefined): string {
  if (text === undefined || text === "") return "are missing";
  const value = parsed(text);
  if (value === undefined) return "are not JSON, or only a part of it";
  if (!isRecord(value)) return "are no object";
  const missing = ["pod-name", "pod-id"].filter((key) => value[key] === undefined || value[key] === "");
  return missing.length > 0 ? `lack ${missing.join(" and ")}` : "have a field of a wrong kind";
}

const texts = ["pod-name", "pod-id", "image-name", "image-id", "metadata-name", "uid", "namespace"] as const;

/** The texts that are whole in damaged metadata: fields of JSON, or what looks like them in a part of it. */
export function textsLeftIn(
  text: string | undefined,
): Partial<Pick<ContainerMetadata, (typeof texts)[number]>> {
  const value = parsed(text ?? "");
  const fields = isRecord(value) ? value : fieldsInPart(text ?? "");
  return Object.fromEntries(
    texts
      .map((key) => [key, fields[key]] as const)
      .filter(([, field]) => typeof field === "string" && field !== ""),
  );
}

function fieldsInPart(text: string): Record<string, unknown> {
  const fields = [...text.matchAll(/"([a-z-]+)":("(?:[^"\\]|\\.)*")/g)];
  return Object.fromEntries(fields.map(([, key = "", value = ""]) => [key, parsed(value)]));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // That it is none is the answer.
    return undefined;
  }
}
