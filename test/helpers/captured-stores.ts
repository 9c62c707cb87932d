import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defaultRuntimeHandler } from "../../src/lib/config/runtime-handlers";
import type { Container } from "../../src/lib/oci/container";
import { testServer, type TestServer } from "./server";
import { testdir } from "./testdir";

/** Where the captured files are; "" where they are not. */
export const data = process.env.KPOD_CRIO_DATA ?? "";

/** A container whose files were captured. */
export interface CapturedContainer {
  /** Its directory in the captured files. */
  readonly directory: string;
  readonly id: string;
}

/** The text of a captured file. */
export function captured(version: string, ...names: string[]): string {
  return readFileSync(join(data, version, ...names), "utf8");
}

/** The captured containers of a version, each of which is a directory with a file that holds the id. */
export function capturedContainers(version: string, idFile: string): CapturedContainer[] {
  const directories = readdirSync(join(data, version), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(data, version, entry.name, idFile)))
    .map(({ name }) => name);
  return directories.map((name) => ({
    directory: join(data, version, name),
    id: captured(version, name, idFile).trim(),
  }));
}

/** Lays a captured store out as it lay on its node. */
export function layOut(version: string, files: readonly string[], idFile: string): string {
  const directory = testdir({ "root/overlay-containers/": null, "exits/": null, "runtime/": null });
  for (const file of files) {
    cpSync(join(data, version, file), join(directory, "root/overlay-containers", file));
  }
  for (const { directory: from, id } of capturedContainers(version, idFile)) {
    for (const [part, root] of [
      ["root-userdata", "root"],
      ["runroot-userdata", "runroot"],
    ] as const) {
      const to = join(directory, root, "overlay-containers", id, "userdata");
      if (existsSync(join(from, part))) cpSync(join(from, part), to, { recursive: true });
    }
    // Of 1.0, whose conmon wrote it to the exits directory alone.
    if (existsSync(join(from, "exit"))) cpSync(join(from, "exit"), join(directory, "exits", id));
  }
  return directory;
}

/** A server whose runtime says what the captured node's runtime said, or cannot be asked. */
export function serverOf(directory: string, answers: readonly unknown[] | "unreachable"): TestServer {
  const runtimePath = join(directory, "runtime-program");
  if (answers !== "unreachable") {
    const answer = join(directory, "answer.json");
    writeFileSync(answer, JSON.stringify(answers));
    writeFileSync(runtimePath, `#!/bin/sh\nexec cat ${answer}\n`, { mode: 0o755 });
  }
  const runtimes = {
    runc: { ...defaultRuntimeHandler(), runtimePath, runtimeRoot: join(directory, "runtime") },
  };
  return testServer(directory, { runtimes });
}

/** Status, exit code and `oom` of a container. */
export function stateOf(container: Container | undefined): string {
  const { status, exitCode, oomKilled } = container?.state ?? {};
  return [status, exitCode, oomKilled === true ? "oom" : undefined]
    .filter((part) => part !== undefined)
    .join(" ");
}

/**
 * Lays the store of the node out that CRI-O 1.26.4 ran: its files are named by what they are of, and not by a container, whose
 * ids the specs tell.
 */
export function layOutByName(version: string): string {
  const directory = testdir({ "root/overlay-containers/": null, "exits/": null, "runtime/": null });
  const place = (root: string, id: string, name: string): string =>
    join(directory, root, "overlay-containers", id, "userdata", name);
  const records = "volatile-containers.json";
  cpSync(join(data, version, records), join(directory, "root/overlay-containers", records));
  for (const name of ["P1", "P2", "C1", "C2"]) {
    const spec = JSON.parse(captured(version, `${name}-config.json`)) as {
      annotations: Record<string, string>;
    };
    const id = spec.annotations["io.kubernetes.cri-o.ContainerID"] ?? "";
    mkdirSync(place("root", id, ""), { recursive: true });
    // Its files were not captured, but were there: the node ran.
    mkdirSync(place("runroot", id, ""), { recursive: true });
    cpSync(join(data, version, `${name}-config.json`), place("root", id, "config.json"));
    const state = join(data, version, `${name}-state.json`);
    if (existsSync(state)) cpSync(state, place("root", id, "state.json"));
  }
  return directory;
}
