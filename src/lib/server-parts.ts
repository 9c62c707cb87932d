import type { Config, HookParams } from "./config";
import type { CrioRecord } from "./storage/container-metadata";
import type { ContainerLists } from "./container-lists";
import type { Logger } from "./logger";
import type { Container } from "./oci/container";
import type { Runtime } from "./oci/runtime";
import type { StateLock } from "./storage/kpod-lock";
import type { RuntimeServer } from "./storage/runtime-server";
import type { Store } from "./storage/store";

/** What of a server a look at the node uses: it changes nothing there. */
export interface ServerView {
  readonly config: Config;
  readonly store: Store;
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** The pods and containers that are known. */
  readonly lists: ContainerLists;
  /** See `ContainerServer.update`. */
  update(options?: { records?: readonly CrioRecord[] | undefined }): Promise<void>;
  /** See `ContainerServer.updateRecords`. */
  updateRecords(idsOrNames?: readonly string[]): Promise<void>;
}

/**
 * What of a server a change of the node uses. Operations take these parts, or those of them that they use
 * (`Pick<ServerView, "store">`), and not ContainerServer, which is made of the operations.
 */
export interface ServerParts extends ServerView {
  /** See `ContainerServer.withStateLock`. */
  readonly withStateLock: StateLock;
  /** See `ContainerServer.requireNode`. */
  requireNode(options?: { launching?: boolean }): void;
}

/** What of a server making pods and containers uses: also what brings the new ones into the store and the lists. */
export interface LaunchParts extends ServerParts {
  /** Ends waits. */
  readonly signal: AbortSignal | undefined;
  readonly storageRuntimeServer: RuntimeServer;
  /** See `ContainerServer.hooks`. */
  hooks(): Record<string, HookParams>;
  /** See `ContainerServer.loadSandbox`. */
  loadSandbox(id: string): Promise<void>;
  /** See `ContainerServer.loadContainer`. */
  loadContainer(id: string): Promise<void>;
  /** See `ContainerServer.containerStateToDisk`. */
  containerStateToDisk(container: Container): Promise<void>;
}
