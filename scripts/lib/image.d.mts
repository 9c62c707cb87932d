/** An image as files; all three hold the same image. */
export interface ImageFiles {
  /** Reference in the annotation `org.opencontainers.image.ref.name` and the docker archive's RepoTags. */
  readonly name: string;
  /** Image id: 64 hex digits, the digest of the image's config. */
  readonly id: string;
  /** `sha256:…` of the OCI manifest. */
  readonly digest: string;
  /** OCI image layout, a directory. */
  readonly layout: string;
  /** The same layout as a tar. */
  readonly ociArchive: string;
  /** What `docker save` would write. */
  readonly dockerArchive: string;
}

export interface ImageOptions {
  /** Default `localhost/busybox:latest` or `localhost/pause:latest`. */
  readonly name?: string;
  /** Keys of the OCI image config (`Env`, `Cmd`, `Labels`, `StopSignal`, …) that replace the defaults. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Path of a static busybox; default the machine's. */
  readonly busybox?: string;
}

/**
 * Makes an image of one layer from busybox-static (Env PATH, Cmd `["sh"]`, a label), as files in `directory`.
 * The same busybox and options give the same id.
 * @throws Error when there is no busybox.
 */
export function makeBusyboxImage(directory: string, options?: ImageOptions): ImageFiles;

/** Makes an image of two layers, busybox below /pause, for infra containers. Its entrypoint is `["/pause"]`. */
export function makePauseImage(directory: string, options?: ImageOptions): ImageFiles;

/** A tar that depends on the names, modes and contents below `directory` alone. */
export function reproducibleTar(directory: string): Buffer;

/** A layer over that of busybox. */
export interface ImageLayer {
  /** What its history says. */
  readonly comment: string;
  /** Fills an empty directory with its files. */
  readonly fill: (rootfs: string) => void;
}

/** Makes an image of busybox and layers over it, as the two above are made. */
export function makeLayeredImage(
  directory: string,
  options: Required<Pick<ImageOptions, "name" | "config">> & {
    readonly busybox?: string | undefined;
    readonly layers?: readonly ImageLayer[];
  },
): ImageFiles;
