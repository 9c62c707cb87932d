import { KpodError } from "../errors";

/** Where an image is pulled from. */
export interface PullSource {
  transport: "docker" | "docker-archive" | "oci-archive" | "oci" | "dir";
  /** The image's name, or the path, with what picks an image out of it. */
  name: string;
}

/** Takes `TRANSPORT:NAME` apart; a bare name goes through `default_transport`. @throws KpodError BAD_ARGUMENT */
export function pullSource(wanted: string, defaultTransport: string): PullSource {
  const transport = /^(docker-archive|oci-archive|oci|dir):(?!\d+\/)(.+)$/s.exec(wanted);
  if (transport !== null) {
    return { transport: transport[1] as PullSource["transport"], name: transport[2] ?? "" };
  }
  if (wanted.startsWith("docker://")) return { transport: "docker", name: wanted.slice("docker://".length) };
  if (
    /^[a-z-]+:\/\//.test(wanted) ||
    /^(?:containers-storage|docker-daemon|ostree|sif|tarball):/.test(wanted)
  ) {
    throw new KpodError("BAD_ARGUMENT", `nothing can be pulled by ${wanted.replace(/:.*$/s, ":")}`, {
      hint: "it pulls by docker://, oci:, dir:, docker-archive: and oci-archive:",
    });
  }
  if (defaultTransport === "" || defaultTransport === "docker://")
    return { transport: "docker", name: wanted };
  return pullSource(`${defaultTransport}${wanted}`, "docker://");
}
