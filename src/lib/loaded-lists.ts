import { ContainerLists } from "./container-lists";
import { KpodError } from "./errors";
import type { Registrar } from "./index/registrar";
import type { Logger } from "./logger";
import { isNotFoundError } from "./operations/find-container";
import { isSameRecorded, recordedOf, type Recorded } from "./recorded";
import type { ContainerRecord } from "./storage/records";
import type { Store } from "./storage/store";

/** Lists that hold what the records of a store say: the part of ContainerServer that loads pods and containers. */
export abstract class LoadedLists extends ContainerLists {
  abstract readonly store: Store;
  abstract readonly logger: Logger;
  /** What the record of each pod and container said when it was loaded. */
  private readonly loaded = new Map<string, Recorded>();

  /** Loads one pod from the disk (libkpod: LoadSandbox). @throws KpodError NOT_FOUND, CORRUPT, CONFLICT */
  async loadSandbox(id: string): Promise<void> {
    const recorded = await this.findRecorded(id);
    if (recorded.sandbox === undefined)
      throw new KpodError("NOT_FOUND", `${id} is a container and not a pod`);
    this.load(recorded);
  }

  /** Loads one container from the disk (libkpod: LoadContainer). @throws KpodError NOT_FOUND, CORRUPT, CONFLICT */
  async loadContainer(id: string): Promise<void> {
    const recorded = await this.findRecorded(id);
    if (recorded.sandbox !== undefined)
      throw new KpodError("NOT_FOUND", `${id} is a pod and not a container`);
    this.load(recorded);
  }

  private async findRecorded(id: string): Promise<Recorded> {
    const record = (await this.store.containers()).find((candidate) => candidate.id === id);
    const recorded = record && recordedOf(record, this.store);
    if (recorded === undefined) {
      throw new KpodError(
        "NOT_FOUND",
        `${id} is not in the store ${this.store.layout.root}, or is not CRI-O's`,
      );
    }
    return recorded;
  }

  /** One that cannot be taken up must not keep the rest of the node from being looked at. */
  private loadOrWarn(recorded: Recorded): void {
    try {
      this.load(recorded);
    } catch (error) {
      if (!(error instanceof KpodError)) throw error;
      const kind = recorded.sandbox === undefined ? "container" : "pod";
      this.logger.warn(`${kind} ${recorded.container.id.slice(0, 13)} is left out: ${error.message}`);
    }
  }

  private load(recorded: Recorded): void {
    const { container, sandbox } = recorded;
    if (this.containers.has(container.id) || this.infraContainers.has(container.id)) return;
    if (sandbox === undefined) {
      this.takeName(this.ctrNameIndex, container);
      this.addContainer(container);
    } else {
      this.takeName(this.podNameIndex, sandbox);
      this.addSandbox(sandbox);
      this.addInfraContainer(container);
    }
    this.loaded.set(container.id, recorded);
  }

  /** As in containers/storage, a name belongs to the last record that has it; the others can be meant by their ids. */
  private takeName(index: Registrar, { id, name }: { id: string; name: string }): void {
    const holder = index.holder(name);
    if (holder === undefined || holder === id) return;
    index.release(name);
    this.logger.warn(
      `${holder.slice(0, 13)} and ${id.slice(0, 13)} have the same name: ${name} means the latter`,
    );
  }

  private forget(id: string): void {
    const container = this.containers.get(id);
    if (container !== undefined) this.removeContainer(container);
    const infra = this.infraContainers.get(id);
    if (infra !== undefined) this.removeInfraContainer(infra);
    if (this.sandboxes.has(id)) this.removeSandbox(id);
    this.loaded.delete(id);
  }

  /** Makes the lists hold what these records say, and nothing else. */
  protected takeUp(records: readonly ContainerRecord[]): void {
    const found = new Map<string, Recorded>();
    records.forEach((record) => {
      const recorded = recordedOf(record, this.store);
      if (recorded !== undefined) found.set(record.id, recorded);
    });
    for (const [id, before] of [...this.loaded]) {
      const now = found.get(id);
      if (now === undefined || !isSameRecorded(now, before)) this.forget(id);
      else before.container.forgetSpec();
    }
    // Pods first: containers are added to them.
    found.forEach((recorded) => {
      if (recorded.sandbox !== undefined) this.loadOrWarn(recorded);
    });
    found.forEach((recorded) => {
      if (recorded.sandbox === undefined) this.loadOrWarn(recorded);
    });
  }

  /** True for what is a container, or may be several. */
  protected means(idOrName: string): boolean {
    try {
      this.lookupContainer(idOrName);
      return true;
    } catch (error) {
      return !isNotFoundError(error);
    }
  }
}
