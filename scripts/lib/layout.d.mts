/** Paths of a node whose every file lies below one directory. */
export interface NodeLayout {
  readonly directory: string;
  /** Cgroup below which all its pods go, such as `/kpod-demo`. */
  readonly cgroupParent: string;
  readonly config: string;
  readonly root: string;
  readonly runRoot: string;
  /** What each runtime gets as `--root`. */
  readonly runtimeRoots: { readonly runc: string; readonly crun: string };
  readonly logDir: string;
  readonly exitsDir: string;
  readonly attachDir: string;
  readonly namespacesDir: string;
  readonly lockPath: string;
  /** Of CRI-O. */
  readonly socket: string;
  readonly networkDir: string;
  readonly versionFile: string;
  readonly cleanShutdownFile: string;
  readonly storageConfig: string;
  /** Where the doctor keeps its journals. */
  readonly stateDir: string;
}

/**
 * The layout of a test's world. Its cgroups are named after the run of the tests (KPOD_TEST_RUN), so that the run's
 * end can tell them from those of another run on this machine.
 */
export function worldLayout(directory: string, run?: string): NodeLayout;

/** TOML tables by dotted name, to lie over those that are written anyhow. */
export type ConfigTables = Readonly<
  Record<string, Readonly<Record<string, string | number | boolean | readonly string[]>>>
>;

/** Absolute path of a program, or undefined. The usual directories count also when PATH lacks them. */
export function findProgram(name: string, path?: string): string | undefined;

/** The node's runtime of that name: `bin/NAME` in its directory where there is one, else the machine's. */
export function runtimeProgram(
  layout: Pick<NodeLayout, "directory">,
  name: "runc" | "crun",
): string | undefined;

/**
 * crun 1.8 refuses to work where cgroup v1 and v2 are mounted side by side and v2 has a controller of its own. Where
 * the machine is such, this makes a `bin/crun` of the node, which has the v2 mount out of its sight.
 */
export function makeCrunWork(layout: Pick<NodeLayout, "directory">): void;

/** Names the places below `directory`; makes nothing. */
export function nodeLayout(directory: string, cgroupParent: string): NodeLayout;

/** Text of a crio.conf for that layout. */
export function crioConfig(
  layout: NodeLayout,
  defaultRuntime: "runc" | "crun",
  settings?: ConfigTables,
): string;

/** Makes the directory, and in it crio.conf and a storage.conf for skopeo, podman and containers-storage. */
export function writeNodeConfig(
  layout: NodeLayout,
  defaultRuntime: "runc" | "crun",
  settings?: ConfigTables,
): void;
