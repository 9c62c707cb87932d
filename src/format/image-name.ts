/**
 * The name of an image as it is printed: `docker.io/library/` and `docker.io/` are cut, unless `noTrunc`.
 * What is left names the same image to every tool that falls back to docker.io.
 */
export function displayImageName(name: string, options: { noTrunc?: boolean } = {}): string {
  if (options.noTrunc === true || !name.startsWith("docker.io/")) return name;
  return name.replace(/^docker\.io\/library\/(?=[^/]+$)/, "").replace(/^docker\.io\/(?=.)/, "");
}
