import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { addressesOfResult, type CniResult } from "../network/result";
import type { Container } from "../oci/container";
import type { Sandbox } from "../sandbox/sandbox";
import type { ServerView } from "../server-parts";
import { changeJsonFile } from "../system/exact-json";
import { fileLimits, isRecord, readTextIfThere } from "../system/files";
import { addressAnnotations, networkAnnotations, replaceNetworkAnnotations } from "./network-annotations";

/**
 * Persists what the networks of a pod say now, where a launch and CRI-O persist it: in the spec and the state of its
 * infra container and of its containers. What is written already is written again to the same.
 * @throws KpodError CORRUPT, NOT_PERMITTED, IO
 */
export function persistNetwork(
  { config }: Pick<ServerView, "config">,
  sandbox: Sandbox,
  results: readonly CniResult[],
): void {
  const [first] = results;
  replaceInFiles(sandbox.infraContainer, networkAnnotations(config, results));
  const addresses = addressAnnotations(first === undefined ? [] : addressesOfResult(first));
  for (const container of sandbox.containers()) replaceInFiles(container, addresses);
}

function replaceInFiles(container: Container, now: Readonly<Record<string, string>>): void {
  for (const path of [
    join(container.dir, "config.json"),
    join(container.bundlePath, "config.json"),
    join(container.dir, "state.json"),
  ])
    replaceIn(path, now);
  container.reloadSpec();
}

function replaceIn(path: string, now: Readonly<Record<string, string>>): void {
  changeJsonFile(path, (value) => {
    if (!isRecord(value) || !isRecord(value.annotations)) return undefined;
    return { ...value, annotations: replaceNetworkAnnotations(value.annotations, now) };
  });
}

/**
 * Puts new addresses of a pod into the /etc/hosts that kpod made for it, in the place of those before. Its containers have
 * the file mounted: it is written, and not replaced.
 */
export function replaceHosts(
  { bundlePath }: Pick<Container, "bundlePath">,
  before: readonly string[],
  now: readonly string[],
): void {
  const path = join(bundlePath, "hosts");
  const text = readTextIfThere(path, fileLimits.config);
  // The kubelet makes that of CRI-O's pods.
  if (text === undefined) return;
  const lines = text.split("\n");
  const isOwn = (line: string): boolean => before.includes(line.split(/\s/, 1)[0] ?? "");
  const at = lines.findIndex(isOwn);
  if (at < 0) return;
  const names = (lines[at] ?? "").replace(/^\S+/, "");
  const kept = lines.map((line, place) =>
    place === at ? now.map((address) => address + names) : isOwn(line) ? [] : [line],
  );
  writeFileSync(path, kept.flat().join("\n"));
}
