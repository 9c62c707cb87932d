/** A directory or file of the host inside a container. */
export interface VolumeOption {
  hostPath: string;
  containerPath: string;
  readonly: boolean;
}

/** What a new container is to be. */
export interface ContainerOptions {
  /** Its name in Kubernetes. */
  name: string;
  /** Name, id or digest of an image in the store. */
  image: string;
  /** Replaces the command of the image; its entry point stays before it. */
  command?: readonly string[];
  labels?: Readonly<Record<string, string>>;
  annotations?: Readonly<Record<string, string>>;
  /** `NAME=value`, over those of the image. */
  env?: readonly string[];
  volumes?: readonly VolumeOption[];
}
