/**
 * True when a name that a user gives means an image: its last parts are enough (`busybox` for
 * `docker.io/library/busybox:latest`), and without a tag every tag fits.
 * @param wanted `busybox`, `library/busybox:1.36`, `quay.io/app@sha256:…`
 * @param name the image's name with its registry
 */
export function imageNameMatches(wanted: string, name: string): boolean {
  return [name, withoutDigest(name), withoutTag(withoutDigest(name))].some(
    (candidate) => candidate === wanted || candidate.endsWith(`/${wanted}`),
  );
}

function withoutDigest(name: string): string {
  return name.replace(/@[^@]*$/, "");
}

/** A colon before the last slash belongs to the port of a registry. */
function withoutTag(name: string): string {
  return name.replace(/:[^:/]*$/, "");
}
