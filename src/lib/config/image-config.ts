import { oneOf, pathOrNone, text, texts, type ConfigKeys } from "./keys";

/**
 * What becomes of the volumes an image declares: `mkdir` makes the directory in the container's own layer,
 * `bind` mounts a directory of the container's there, `ignore` does nothing. `ImageVolumesType` of libkpod.
 */
export type ImageVolumesType = "mkdir" | "ignore" | "bind";

/** Images: the table `[crio.image]`. `ImageConfig` of libkpod. */
export interface ImageConfig {
  /** Put before the name of an image that names no transport (`default_transport`). */
  defaultTransport: string;
  /** Image of the infra containers (`pause_image`). */
  pauseImage: string;
  /** What an infra container runs (`pause_command`). */
  pauseCommand: string;
  /** File of the rules which images to trust, "" for the system's (`signature_policy`). */
  signaturePolicyPath: string;
  /** Registries that may be spoken to without TLS (`insecure_registries`). */
  insecureRegistries: string[];
  /** What becomes of the volumes an image declares (`image_volumes`). */
  imageVolumes: ImageVolumesType;
  /** File with the credentials of registries, "" for none (`global_auth_file`). */
  globalAuthFile: string;
  /** File with the credentials for the image of the infra containers, "" for none (`pause_image_auth_file`). */
  pauseImageAuthFile: string;
  /** Registries to look in for an image whose name has none (`registries`). */
  registries: string[];
  /** Images that are never pruned, beside the pause image: names, with `*` at the end or on both (`pinned_images`). */
  pinnedImages: string[];
}

/** The defaults of CRI-O 1.0.0. */
export function defaultImageConfig(): ImageConfig {
  return {
    defaultTransport: "docker://",
    pauseImage: "kubernetes/pause",
    pauseCommand: "/pause",
    signaturePolicyPath: "",
    insecureRegistries: [],
    imageVolumes: "mkdir",
    globalAuthFile: "",
    pauseImageAuthFile: "",
    registries: [],
    pinnedImages: [],
  };
}

export const imageKeys: ConfigKeys<ImageConfig> = {
  defaultTransport: { name: "default_transport", kind: text },
  pauseImage: { name: "pause_image", kind: text },
  pauseCommand: { name: "pause_command", kind: text },
  signaturePolicyPath: { name: "signature_policy", kind: text },
  insecureRegistries: { name: "insecure_registries", kind: texts },
  imageVolumes: { name: "image_volumes", kind: oneOf("mkdir", "ignore", "bind") },
  globalAuthFile: { name: "global_auth_file", kind: pathOrNone, later: true },
  pauseImageAuthFile: { name: "pause_image_auth_file", kind: pathOrNone, later: true },
  registries: { name: "registries", kind: texts },
  pinnedImages: { name: "pinned_images", kind: texts, later: true },
};
