import type { ContainerLists } from "../container-lists";
import { KpodError } from "../errors";
import type { Logger } from "../logger";
import { isNotFoundError } from "../names/lookup";
import type { Registrar } from "../names/registrar";
import type { ContainerRecord } from "../storage/records";
import type { Store } from "../storage/store";
import { isSamePersisted, persistedOf, type Persisted } from "./persisted-container";
import { crioRecords } from "./persisted-records";
import type { CrioRecord } from "../storage/container-metadata";

/** Makes lists of pods and containers hold what CRI-O persisted in the records of a store. */
export class ListLoader {
  private readonly lists: ContainerLists;
  private readonly store: Store;
  private readonly logger: Logger;
  /** What the record of each pod and container said when it was loaded. */
  private readonly loaded = new Map<string, Persisted>();

  constructor(lists: ContainerLists, store: Store, logger: Logger) {
    this.lists = lists;
    this.store = store;
    this.logger = logger;
  }

  /**
   * Reads the records of the store, and makes the lists hold what they say, and nothing else.
   * @param idsOrNames the only containers that will be looked up: where all of them are there, only what they can mean is
   * loaded, with their pods
   * @throws KpodError CORRUPT, IO when the records cannot be read
   */
  async load(idsOrNames: readonly string[] | undefined): Promise<void> {
    const { lists, store } = this;
    const some = idsOrNames && (await store.containersNamed(idsOrNames));
    if (some !== undefined) {
      this.hold(this.crioRecordsAmong(some));
      if (idsOrNames?.every((name) => meansContainer(lists, name)) === true) return;
    }
    store.warnWhereMissing();
    this.hold(this.crioRecordsAmong(await store.containers()));
  }

  /** Loads one pod from the disk (libkpod: LoadSandbox). @throws KpodError NOT_FOUND, CORRUPT, CONFLICT */
  async loadSandbox(id: string): Promise<void> {
    const persisted = await this.findPersisted(id);
    if (persisted.sandbox === undefined)
      throw new KpodError("NOT_FOUND", `${id} is a container and not a pod`);
    this.add(persisted);
  }

  /** Loads one container from the disk (libkpod: LoadContainer). @throws KpodError NOT_FOUND, CORRUPT, CONFLICT */
  async loadContainer(id: string): Promise<void> {
    const persisted = await this.findPersisted(id);
    if (persisted.sandbox !== undefined)
      throw new KpodError("NOT_FOUND", `${id} is a pod and not a container`);
    this.add(persisted);
  }

  private async findPersisted(id: string): Promise<Persisted> {
    const records = this.crioRecordsAmong(await this.store.containers());
    const found = records.find(({ record }) => record.id === id);
    const persisted = found && persistedOf(found, this.store);
    if (persisted === undefined) {
      throw new KpodError(
        "NOT_FOUND",
        `${id} is not in the store ${this.store.layout.root}, or is not CRI-O's`,
      );
    }
    return persisted;
  }

  private crioRecordsAmong(records: readonly ContainerRecord[]): CrioRecord[] {
    const { store } = this;
    return crioRecords(records, (id) => [store.userdataDirectory(id), store.runUserdataDirectory(id)]);
  }

  /** One that cannot be taken up must not keep the rest of the node from being looked at. */
  private addOrWarn(persisted: Persisted): void {
    try {
      this.add(persisted);
    } catch (error) {
      if (!(error instanceof KpodError)) throw error;
      const kind = persisted.sandbox === undefined ? "container" : "pod";
      this.logger.warn(`${kind} ${persisted.container.id.slice(0, 13)} is left out: ${error.message}`);
    }
  }

  private add(persisted: Persisted): void {
    const { lists } = this;
    const { container, sandbox } = persisted;
    if (lists.hasContainer(container.id) || lists.getInfraContainer(container.id) !== undefined) return;
    if (sandbox === undefined) {
      this.takeName(lists.ctrNameIndex, container);
      lists.addContainer(container);
    } else {
      this.takeName(lists.podNameIndex, sandbox);
      lists.addSandbox(sandbox);
      lists.addInfraContainer(container);
    }
    this.loaded.set(container.id, persisted);
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

  private remove(id: string): void {
    const { lists } = this;
    const container = lists.getContainer(id);
    if (container !== undefined) lists.removeContainer(container);
    const infra = lists.getInfraContainer(id);
    if (infra !== undefined) lists.removeInfraContainer(infra);
    lists.removeSandbox(id);
    this.loaded.delete(id);
  }

  /** Makes the lists hold what these records say, and nothing else. */
  hold(records: readonly CrioRecord[]): void {
    const found = new Map<string, Persisted>(
      records.map((each) => [each.record.id, persistedOf(each, this.store)]),
    );
    for (const [id, before] of [...this.loaded]) {
      const now = found.get(id);
      if (now === undefined || !isSamePersisted(now, before)) this.remove(id);
      else before.container.reloadSpec();
    }
    // Pods first: containers are added to them.
    found.forEach((persisted) => {
      if (persisted.sandbox !== undefined) this.addOrWarn(persisted);
    });
    found.forEach((persisted) => {
      if (persisted.sandbox === undefined) this.addOrWarn(persisted);
    });
    found.forEach((persisted) => {
      this.tellOfDamage(persisted);
    });
  }

  private tellOfDamage({ container: { id, name, sandboxId }, sandbox, damage }: Persisted): void {
    // The store's says each thing once, however often the records are read.
    const { logger } = this.store;
    const what = `${sandbox === undefined ? "container" : "pod"} ${id.slice(0, 13)} (${sandbox?.name ?? name})`;
    if (damage !== undefined) {
      const where = `in ${this.store.layout.containersFiles.join(" or ")}`;
      logger.warn(
        `${what}: ${damage}: CRI-O passes over its record ${where}; it is shown as far as it is known`,
      );
    } else if (sandbox === undefined && !this.lists.hasSandbox(sandboxId)) {
      logger.warn(`${what}: the record of its pod ${sandboxId.slice(0, 13)} is gone`);
    }
  }
}

/** True for what is a container, or may be several. */
function meansContainer(lists: ContainerLists, idOrName: string): boolean {
  try {
    lists.lookupContainer(idOrName);
    return true;
  } catch (error) {
    return !isNotFoundError(error);
  }
}
