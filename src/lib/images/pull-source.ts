import { KpodError } from "../errors";

/** Where an image is pulled from. */
export interface PullSource {
  transport: "docker" | "docker-archive" | "oci-archive" | "oci" | "dir";
  /** The image's name, or the path, with what picks an image out of it. */
  name: string;
}

/** Takes `TRANSPORT:NAME` apart; a bare name goes through `default_transport`. @throws KpodError BAD_ARGUMENT */
export function pullSource(wanted: string, defaultTransport: string): PullSource {
  const transport = /^(docker-archive|oci-archive|oci|dir):(?!\d+\/)(.*)$/s.exec(wanted);
  if (transport !== null) {
    const [, kind = "", name = ""] = transport;
    requirePlace(`${kind}:`, name);
    return { transport: kind as PullSource["transport"], name };
  }
  if (wanted.startsWith("docker://")) {
    const name = wanted.slice("docker://".length);
    requirePlace("docker://", name);
    return { transport: "docker", name };
  }
  if (
    /^[a-z-]+:\/\//.test(wanted) ||
    /^(?:containers-storage|docker-daemon|ostree|sif|tarball):/.test(wanted)
  ) {
    throw new KpodError(
      "BAD_ARGUMENT",
      `nothing can be pulled by the transport ${wanted.replace(/:.*$/s, "")}`,
      {
        hint: "it pulls by docker://, oci:, dir:, docker-archive: and oci-archive:",
      },
    );
  }
  if (defaultTransport === "" || defaultTransport === "docker://")
    return { transport: "docker", name: wanted };
  return pullSource(`${defaultTransport}${wanted}`, "docker://");
}

/** @throws KpodError BAD_ARGUMENT for a known transport with nothing behind it */
export function requirePlace(transport: string, place: string): void {
  if (place !== "" || !Object.hasOwn(places, transport)) return;
  throw new KpodError("BAD_ARGUMENT", `${transport} alone names no place`, {
    hint: `give ${transport}${places[transport] ?? ""}`,
  });
}

/** What stands behind a transport. */
const places: Readonly<Record<string, string>> = {
  "docker://": "REGISTRY/REPOSITORY:TAG",
  "dir:": "DIRECTORY",
  "oci:": "DIRECTORY[:NAME]",
  "oci-archive:": "FILE[:NAME]",
  "docker-archive:": "FILE[:NAME]",
  "docker-daemon:": "REPOSITORY:TAG",
};
