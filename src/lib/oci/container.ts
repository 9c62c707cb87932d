import { parseJson } from "../system/files";
import { annotations } from "./annotations";
import type { Spec } from "./spec";
import { readAnnotationQuickly, readArgsQuickly, readSpec } from "./spec-file";
import type { ContainerState, ContainerStatus } from "./state/container-state";
import { textMap } from "../system/go-json";

/** A container in messages: who knows it by its name should not have to look up an id. */
export function containerInWords({
  metadata: { name },
  id,
}: Pick<ContainerIdentity, "id" | "metadata">): string {
  return `container ${name} (${id.slice(0, 13)})`;
}

/** What is known of a container before its spec is read. */
export interface ContainerIdentity {
  id: string;
  /** Full name, `k8s_CTR_POD_NS_UID_ATTEMPT`. */
  name: string;
  /** Id of its pod. */
  sandboxId: string;
  /** Its name in Kubernetes, and the how many-th of that name it is. */
  metadata: { name: string; attempt: number };
  /** The image's name as it was asked for, and its id. */
  imageName: string;
  imageId: string;
  /** Id of its read-write layer; "" when the record has lost it. */
  layerId: string;
  /** Its directory that lives through a reboot. */
  dir: string;
  /** Its OCI bundle, which ends with a reboot. */
  bundlePath: string;
  createdAt: Date;
  /** True for the infra container of a pod. */
  infra: boolean;
}

/**
 * A container of CRI-O (libkpod: oci.Container). What its record in the store says is there at once; its spec
 * is read from the disk when somebody first asks for something in it.
 */
export class Container {
  readonly id: string;
  name: string;
  readonly sandboxId: string;
  metadata: { name: string; attempt: number };
  readonly imageName: string;
  readonly imageId: string;
  readonly layerId: string;
  readonly dir: string;
  readonly bundlePath: string;
  readonly infra: boolean;
  readonly createdAt: Date;
  /** Its state when it was last looked up; undefined before. */
  state: ContainerState | undefined;
  /** What its state.json said when the states of all were looked up last; undefined where it said nothing. */
  persistedStatus: ContainerStatus | undefined;
  /** Makes up for annotations on disk that a rename which broke off has left with another name. */
  corrected: ((annotations: Record<string, string>) => Record<string, string>) | undefined;
  private loadedSpec: Spec | undefined;
  /** True when an annotation was asked for: further ones are taken from the parsed spec. */
  private asked = false;

  constructor(identity: ContainerIdentity) {
    this.id = identity.id;
    this.name = identity.name;
    this.sandboxId = identity.sandboxId;
    this.metadata = identity.metadata;
    this.imageName = identity.imageName;
    this.imageId = identity.imageId;
    this.layerId = identity.layerId;
    this.dir = identity.dir;
    this.bundlePath = identity.bundlePath;
    this.infra = identity.infra;
    this.createdAt = identity.createdAt;
  }

  /**
   * The spec: the copy that lives through a reboot, else the one of the bundle.
   * @throws KpodError CORRUPT when neither is there and a spec; NOT_PERMITTED, IO
   */
  get spec(): Spec {
    this.loadedSpec ??= this.readSpec();
    return this.loadedSpec;
  }

  /** What its process was called with. @throws KpodError CORRUPT */
  get args(): readonly string[] {
    const quick = this.loadedSpec === undefined ? readArgsQuickly(`${this.dir}/config.json`) : undefined;
    return quick ?? this.spec.process?.args ?? [];
  }

  /** The annotations of the spec, CRI-O's own among them. @throws KpodError CORRUPT */
  get specAnnotations(): Record<string, string> {
    return textMap(this.spec.annotations);
  }

  /**
   * One annotation of the spec, "" when it is not there. For the first one that is asked for, the file is not parsed.
   * @throws KpodError CORRUPT
   */
  annotation(key: string): string {
    const path = `${this.dir}/config.json`;
    const isFirst = this.loadedSpec === undefined && !this.asked && this.corrected === undefined;
    const quick = isFirst ? readAnnotationQuickly(path, key) : undefined;
    this.asked = true;
    return quick ?? this.specAnnotations[key] ?? "";
  }

  /** The container's labels in Kubernetes. @throws KpodError CORRUPT */
  get labels(): Record<string, string> {
    return this.mapAnnotation(annotations.labels);
  }

  /** The container's annotations in Kubernetes. @throws KpodError CORRUPT */
  get annotations(): Record<string, string> {
    return this.mapAnnotation(annotations.annotations);
  }

  /** Where conmon writes the log; "" when the spec does not say. @throws KpodError CORRUPT */
  get logPath(): string {
    return this.annotation(annotations.logPath);
  }

  /** The signal that asks it to stop, as the image names it; "" for TERM. @throws KpodError CORRUPT */
  get stopSignal(): string {
    return this.specAnnotations[annotations.stopSignal] ?? "";
  }

  /**
   * Seconds that it gets to end before it is killed, as was asked for when it was made; undefined where nothing was.
   * @throws KpodError CORRUPT
   */
  get stopTimeout(): number | undefined {
    const text = this.specAnnotations[annotations.stopTimeout] ?? "";
    return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
  }

  /** True when it has a terminal. @throws KpodError CORRUPT */
  get terminal(): boolean {
    return this.specAnnotations[annotations.tty] === "true";
  }

  /** Has the next look read the spec anew. */
  reloadSpec(): void {
    this.loadedSpec = undefined;
    this.asked = false;
  }

  private readSpec(): Spec {
    const spec = readSpec([`${this.dir}/config.json`, `${this.bundlePath}/config.json`]);
    if (this.corrected === undefined) return spec;
    return { ...spec, annotations: this.corrected(textMap(spec.annotations)) };
  }

  private mapAnnotation(key: string): Record<string, string> {
    const text = this.annotation(key);
    if (text === "") return {};
    return textMap(parseJson(`annotation ${key} of container ${this.id.slice(0, 13)}`, text));
  }
}
