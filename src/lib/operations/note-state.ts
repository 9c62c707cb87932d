import { join } from "node:path";
import type { ContainerServer } from "../container-server";
import type { Container } from "../oci/container";
import { readExitFile } from "../oci/exit-file";
import { writeStateFile } from "../oci/runtime";
import { writeFileAtomic } from "../system/files";
import { monitorOf } from "./monitor";

/**
 * Asks for a container's state and notes it in state.json, CRI-O's memory of it. A state that nobody could
 * tell is not noted.
 */
export async function noteState(server: ContainerServer, container: Container): Promise<void> {
  const state = await server.runtime.updateStatus(container);
  if (state.status !== "unknown") writeStateFile(container, state);
}

/**
 * Notes the end of a container whose conmon is dead and could not write it down: first where it lasts, then
 * in the exits directory, by which a running CRI-O notices. Where conmon lives or did its work, nothing is
 * written.
 * @param exitCode the code where it is known, for example after KILL
 */
export function noteLostExit(server: ContainerServer, container: Container, exitCode: number): void {
  const { containerExitsDir: exitsDir } = server.config;
  const { id, dir } = container;
  if (readExitFile({ id, dir, exitsDir }) !== undefined || monitorOf(container) !== undefined) return;
  writeFileAtomic(join(dir, "exit"), String(exitCode), 0o644);
  writeFileAtomic(join(exitsDir, id), String(exitCode), 0o644);
}
