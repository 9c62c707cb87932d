import { ContainerLists } from "./container-lists";
import { KpodError } from "./errors";
import type { Registrar } from "./names/registrar";
import type { Logger } from "./logger";
import { isNotFoundError } from "./operations/find-container";
import { crioRecords } from "./crio/persisted-records";
import { isSamePersisted, persistedOf, type Persisted } from "./crio/persisted-container";
import type { ContainerRecord } from "./storage/records";
import type { Store } from "./storage/store";

/** Lists that hold what the records of a store say: the part of ContainerServer that loads pods and containers. */
export abstract class LoadedLists extends ContainerLists {
  abstract readonly store: Store;
  abstract readonly logger: Logger;
  /** What the record of each pod and container said when it was loaded. */
  private readonly loaded = new Map<string, Persisted>();
  /** What was warned of in the records: each once, however often they are read. */
  private readonly told = new Set<string>();

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

  private async findRecorded(id: string): Promise<Persisted> {
    const recorded = this.recorded(await this.store.containers()).find(
      ({ container }) => container.id === id,
    );
    if (recorded === undefined) {
      throw new KpodError(
        "NOT_FOUND",
        `${id} is not in the store ${this.store.layout.root}, or is not CRI-O's`,
      );
    }
    return recorded;
  }

  private recorded(records: readonly ContainerRecord[]): Persisted[] {
    const { store } = this;
    return crioRecords(records, (id) => [store.userdataDirectory(id), store.runUserdataDirectory(id)]).map(
      (record) => persistedOf(record, store),
    );
  }

  /** One that cannot be taken up must not keep the rest of the node from being looked at. */
  private loadOrWarn(recorded: Persisted): void {
    try {
      this.load(recorded);
    } catch (error) {
      if (!(error instanceof KpodError)) throw error;
      const kind = recorded.sandbox === undefined ? "container" : "pod";
      this.logger.warn(`${kind} ${recorded.container.id.slice(0, 13)} is left out: ${error.message}`);
    }
  }

  private load(recorded: Persisted): void {
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
    const found = new Map<string, Persisted>();
    this.recorded(records).forEach((recorded) => found.set(recorded.container.id, recorded));
    for (const [id, before] of [...this.loaded]) {
      const now = found.get(id);
      if (now === undefined || !isSamePersisted(now, before)) this.forget(id);
      else before.container.forgetSpec();
    }
    // Pods first: containers are added to them.
    found.forEach((recorded) => {
      if (recorded.sandbox !== undefined) this.loadOrWarn(recorded);
    });
    found.forEach((recorded) => {
      if (recorded.sandbox === undefined) this.loadOrWarn(recorded);
    });
    found.forEach((recorded) => {
      this.tellOfDamage(recorded);
    });
  }

  private tellOfDamage({ container: { id, name, sandboxId }, sandbox, damage }: Persisted): void {
    const what = `${sandbox === undefined ? "container" : "pod"} ${id.slice(0, 13)} (${sandbox?.name ?? name})`;
    if (damage !== undefined) {
      const where = `in ${this.store.layout.containersFiles.join(" or ")}`;
      this.warnOnce(
        `${what}: ${damage}: CRI-O passes over its record ${where}; it is shown as far as it is known`,
      );
    } else if (sandbox === undefined && !this.sandboxes.has(sandboxId)) {
      this.warnOnce(`${what}: the record of its pod ${sandboxId.slice(0, 13)} is gone`);
    }
  }

  private warnOnce(message: string): void {
    if (this.told.has(message)) return;
    this.told.add(message);
    this.logger.warn(message);
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
