/**
 * The cgroup of a container as its spec asks for it, as a path below the hierarchies' roots.
 * @param cgroupsPath `linux.cgroupsPath` of the spec: a path (cgroupfs), or `SLICE:PREFIX:NAME` (systemd)
 */
export function specCgroupPath(cgroupsPath: string): string {
  const [slice = "", prefix = "", name, ...rest] = cgroupsPath.split(":");
  if (name === undefined || rest.length > 0 || slice.includes("/")) return cgroupsPath;
  return `${slicePath(slice)}/${prefix}-${name}.scope`;
}

/** A slice lies in the slices that its name is made of: `a-b.slice` is `/a.slice/a-b.slice` (systemd.slice(5)). */
function slicePath(slice: string): string {
  const parts = slice.replace(/\.slice$/, "").split("-");
  // "-.slice" is the root.
  if (parts.every((part) => part === "")) return "";
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join("-")}.slice`).join("");
}

/**
 * The cgroup in which a container really is. Its first process may have moved to one below (systemd in a
 * container does), so the path ends where it names the container.
 * @param text what /proc/PID/cgroup of its first process holds
 * @param id the container's id
 * @returns undefined when no hierarchy knows the container by its id
 */
export function processCgroupPath(text: string, id: string): string | undefined {
  for (const line of text.split("\n")) {
    // hierarchy-ID:controller-list:path (cgroups(7))
    const path = /^\d+:[^:]*:(\/.*)$/.exec(line)?.[1];
    // Seen from inside a cgroup namespace, what lies above its root begins with "/..".
    if (path === undefined || path.startsWith("/..")) continue;
    const parts = path.split("/");
    const own = parts.findIndex((part) => part.includes(id));
    if (own >= 0) return parts.slice(0, own + 1).join("/");
  }
  return undefined;
}
