import type { ContainerLists } from "../container-lists";
import { KpodError } from "../errors";
import type { Logger } from "../logger";
import { isNotFoundError } from "../names/lookup";
import type { Registrar } from "../names/registrar";
import type { ContainerRecord } from "../storage/records";
import type { Store } from "../storage/store";
import { isSamePersisted, persistedOf, type Persisted } from "./persisted-container";
import { crioRecords } from "./persisted-records";

/** Makes lists of pods and containers hold what CRI-O persisted in the records of a store. */
export class ListLoader {
  private readonly lists: ContainerLists;
  private readonly store: Store;
  private readonly logger: Logger;
  /** What the record of each pod and container said when it was loaded. */
  private readonly loaded = new Map<string, Persisted>();
  /** What was warned of in the records: each once, however often they are read. */
  private readonly told = new Set<string>();

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
      this.hold(some);
      if (idsOrNames?.every((name) => meansContainer(lists, name)) === true) return;
    }
    if (!store.exists()) store.logger.warn(`the storage root ${store.layout.root} does not exist`);
    this.hold(await store.containers());
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
    const persisted = this.persistedIn(await this.store.containers()).find(
      ({ container }) => container.id === id,
    );
    if (persisted === undefined) {
      throw new KpodError(
        "NOT_FOUND",
        `${id} is not in the store ${this.store.layout.root}, or is not CRI-O's`,
      );
    }
    return persisted;
  }

  private persistedIn(records: readonly ContainerRecord[]): Persisted[] {
    const { store } = this;
    return crioRecords(records, (id) => [store.userdataDirectory(id), store.runUserdataDirectory(id)]).map(
      (record) => persistedOf(record, store),
    );
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

  private hold(records: readonly ContainerRecord[]): void {
    const found = new Map<string, Persisted>();
    this.persistedIn(records).forEach((persisted) => found.set(persisted.container.id, persisted));
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
    const what = `${sandbox === undefined ? "container" : "pod"} ${id.slice(0, 13)} (${sandbox?.name ?? name})`;
    if (damage !== undefined) {
      const where = `in ${this.store.layout.containersFiles.join(" or ")}`;
      this.warnOnce(
        `${what}: ${damage}: CRI-O passes over its record ${where}; it is shown as far as it is known`,
      );
    } else if (sandbox === undefined && !this.lists.hasSandbox(sandboxId)) {
      this.warnOnce(`${what}: the record of its pod ${sandboxId.slice(0, 13)} is gone`);
    }
  }

  private warnOnce(message: string): void {
    if (this.told.has(message)) return;
    this.told.add(message);
    this.logger.warn(message);
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
