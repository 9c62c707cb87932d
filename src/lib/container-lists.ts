import { KpodError, tolerate } from "./errors";
import { chooseAttempt, noSuchAttempt, type Attempt } from "./names/attempts";
import { isNotFoundError, lookUp } from "./names/lookup";
import { Registrar } from "./names/registrar";
import { TruncIndex } from "./names/trunc-index";
import { containerInstead, podInstead } from "./names/wrong-kind";
import type { Container } from "./oci/container";
import type { Sandbox } from "./sandbox/sandbox";

/** Says whether a container is wanted in a list. */
export type ContainerFilter = (container: Container) => boolean;

/** The pods and containers that are known, with what finds them. Nothing here looks at a disk. */
export class ContainerLists {
  /** Index of the names of containers. */
  readonly ctrNameIndex = new Registrar();
  /** Index of the ids and the names of pods. */
  readonly podIdIndex = new TruncIndex();
  readonly podNameIndex = new Registrar();
  private readonly containers = new Map<string, Container>();
  private readonly infraContainers = new Map<string, Container>();
  private readonly sandboxes = new Map<string, Sandbox>();
  private idIndex: TruncIndex | undefined;

  /** Index of the ids of containers, made when somebody asks for it. */
  get ctrIdIndex(): TruncIndex {
    this.idIndex ??= new TruncIndex(this.containers.keys());
    return this.idIndex;
  }

  /** Adds a container (libkpod: AddContainer). @throws KpodError CONFLICT */
  addContainer(container: Container): void {
    this.ctrNameIndex.reserve(container.name, container.id);
    // The index says that it is there already.
    if (this.containers.has(container.id)) this.ctrIdIndex.add(container.id);
    this.idIndex?.add(container.id);
    this.containers.set(container.id, container);
    this.sandboxes.get(container.sandboxId)?.addContainer(container);
  }

  /** Adds the infra container of a pod (libkpod: AddInfraContainer). */
  addInfraContainer(container: Container): void {
    this.infraContainers.set(container.id, container);
  }

  /** Adds a pod, with the containers of it that are known already (libkpod: AddSandbox). @throws KpodError CONFLICT */
  addSandbox(sandbox: Sandbox): void {
    this.podNameIndex.reserve(sandbox.name, sandbox.id);
    this.podIdIndex.add(sandbox.id);
    this.sandboxes.set(sandbox.id, sandbox);
    for (const container of this.containers.values()) {
      if (container.sandboxId === sandbox.id) sandbox.addContainer(container);
    }
  }

  /** Takes a container out of the lists (libkpod: RemoveContainer). The container itself is not touched. */
  removeContainer(container: Container): void {
    if (!this.containers.delete(container.id)) return;
    this.idIndex?.delete(container.id);
    this.ctrNameIndex.delete(container.id);
    this.sandboxes.get(container.sandboxId)?.removeContainer(container);
  }

  /** Takes an infra container out of the lists (libkpod: RemoveInfraContainer). */
  removeInfraContainer(container: Container): void {
    this.infraContainers.delete(container.id);
  }

  /** Takes a pod out of the lists (libkpod: RemoveSandbox). */
  removeSandbox(id: string): void {
    if (!this.sandboxes.delete(id)) return;
    this.podIdIndex.delete(id);
    this.podNameIndex.delete(id);
  }

  /** A container by its full id (libkpod: GetContainer). */
  getContainer(id: string): Container | undefined {
    return this.containers.get(id);
  }

  /** An infra container by its full id (libkpod: GetInfraContainer). */
  getInfraContainer(id: string): Container | undefined {
    return this.infraContainers.get(id);
  }

  /** A pod by its full id (libkpod: GetSandbox). */
  getSandbox(id: string): Sandbox | undefined {
    return this.sandboxes.get(id);
  }

  /** The infra container of a pod, by the pod's full id (libkpod: GetSandboxContainer). */
  getSandboxContainer(id: string): Container | undefined {
    return this.sandboxes.get(id)?.infraContainer;
  }

  /** True when a container with this full id is known (libkpod: HasContainer). */
  hasContainer(id: string): boolean {
    return this.containers.has(id);
  }

  /** True when a pod with this full id is known (libkpod: HasSandbox). */
  hasSandbox(id: string): boolean {
    return this.sandboxes.has(id);
  }

  /** The containers that all filters want, newest first; infra containers are not among them (libkpod: ListContainers). */
  listContainers(...filters: ContainerFilter[]): Container[] {
    return [...this.containers.values()]
      .filter((container) => filters.every((filter) => filter(container)))
      .sort(newestFirst);
  }

  /** All containers, the infra containers of pods among them, in no order. */
  all(): Container[] {
    return [...this.containers.values(), ...this.infraContainers.values()];
  }

  /** The pods, newest first (libkpod: ListSandboxes). */
  listSandboxes(): Sandbox[] {
    return [...this.sandboxes.values()].sort((a, b) => newestFirst(a.infraContainer, b.infraContainer));
  }

  /**
   * Finds a container by full name, full id, unique prefix of the id, `POD/CONTAINER`,
   * `NAMESPACE/POD/CONTAINER` or bare name in Kubernetes (libkpod: LookupContainer).
   * @param verb the command that it is for, which tells who names a pod what would do the same to that
   * @param options.attempt which of several attempts a name in Kubernetes means; without it such a name is ambiguous
   * @throws KpodError NOT_FOUND, or AMBIGUOUS with the candidates; with a verb BAD_ARGUMENT for a pod
   */
  lookupContainer(idOrName: string, verb?: string, { attempt }: { attempt?: Attempt } = {}): Container {
    const container = this.findContainer(idOrName, verb, attempt);
    if (typeof attempt !== "number" || container.metadata.attempt === attempt) return container;
    const place = this.placeOf(container);
    throw noSuchAttempt(
      idOrName,
      attempt,
      this.listContainers((other) => this.placeOf(other) === place).map(({ metadata }) => metadata.attempt),
    );
  }

  private findContainer(idOrName: string, verb: string | undefined, attempt: Attempt | undefined): Container {
    const kubePath = (container: Container): readonly string[] => {
      const sandbox = this.sandboxes.get(container.sandboxId);
      return [sandbox?.namespace ?? "", sandbox?.kubeName ?? "", container.metadata.name];
    };
    try {
      return lookUp(
        "container",
        [...this.containers.values()],
        idOrName,
        kubePath,
        () => this.sandboxes.values(),
        (fitting) =>
          attempt === undefined
            ? fitting
            : chooseAttempt(fitting, attempt, (container) => this.placeOf(container)),
      );
    } catch (error) {
      if (verb === undefined || !isNotFoundError(error)) throw error;
      const byInfraName = this.listSandboxes().find(({ infraContainer }) => infraContainer.name === idOrName);
      // Where that fails, too, the first error says what is wrong.
      const pod = byInfraName ?? tolerate(undefined, () => this.lookupSandbox(idOrName));
      throw pod === undefined ? error : podInstead(pod, idOrName, verb);
    }
  }

  /** The same for all attempts of one container: the kubelet makes them in one pod, which may be made anew itself. */
  private placeOf({ sandboxId, metadata }: Container): string {
    const sandbox = this.sandboxes.get(sandboxId);
    const pod = sandbox === undefined ? [sandboxId] : [sandbox.namespace, sandbox.kubeName];
    return JSON.stringify([...pod, metadata.name]);
  }

  /**
   * Finds a pod by full name, full id, unique prefix of the id, `NAMESPACE/POD` or bare name in Kubernetes
   * (libkpod: LookupSandbox).
   * @param verb the command that it is for, which tells who names a container what would do the same to that
   * @throws KpodError NOT_FOUND, or AMBIGUOUS with the candidates; with a verb BAD_ARGUMENT for a container
   */
  lookupSandbox(idOrName: string, verb?: string): Sandbox {
    const kubePath = ({ namespace, kubeName }: Sandbox): readonly string[] => [namespace, kubeName];
    try {
      return lookUp("pod", [...this.sandboxes.values()], idOrName, kubePath, () => this.containers.values());
    } catch (error) {
      if (verb === undefined || !isNotFoundError(error)) throw error;
      throw tolerate(undefined, () => this.lookupContainer(idOrName)) === undefined
        ? error
        : containerInstead(idOrName, verb);
    }
  }

  /** Finds a container by full or partial id only (libkpod: GetContainerFromRequest). @throws KpodError NOT_FOUND, AMBIGUOUS */
  getContainerFromRequest(id: string): Container {
    if (id === "") throw new KpodError("BAD_ARGUMENT", "container ID should not be empty");
    const fitting = this.ctrIdIndex.matches(id).flatMap((match) => this.containers.get(match) ?? []);
    return lookUp("container", fitting, id, () => []);
  }

  /** Holds a name for a container that is being made (libkpod: ReserveContainerName). @throws KpodError CONFLICT */
  reserveContainerName(id: string, name: string): string {
    this.ctrNameIndex.reserve(name, id);
    return name;
  }

  /** Frees a container's name (libkpod: ReleaseContainerName). */
  releaseContainerName(name: string): void {
    this.ctrNameIndex.release(name);
  }

  /** Holds a name for a pod that is being made (libkpod: ReservePodName). @throws KpodError CONFLICT */
  reservePodName(id: string, name: string): string {
    this.podNameIndex.reserve(name, id);
    return name;
  }

  /** Frees a pod's name (libkpod: ReleasePodName). */
  releasePodName(name: string): void {
    this.podNameIndex.release(name);
  }
}

function newestFirst(a: Container, b: Container): number {
  const difference = b.createdAt.getTime() - a.createdAt.getTime();
  return difference !== 0 ? difference : a.id < b.id ? -1 : 1;
}
