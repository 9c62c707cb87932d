/** The parts of an image's name. */
export interface ImageName {
  /** `docker.io/library/busybox` */
  repository: string;
  tag: string | undefined;
  /** `sha256:…` */
  digest: string | undefined;
}

/** Takes an image's name apart: `REPOSITORY[:TAG][@DIGEST]`. A port in the repository is no tag. */
export function splitName(name: string): ImageName {
  const parts = /^(.*?)(?::([^/:@]+))?(?:@([a-z0-9+._-]+:[0-9a-f]+))?$/.exec(name);
  return { repository: parts?.[1] ?? name, tag: parts?.[2], digest: parts?.[3] };
}
