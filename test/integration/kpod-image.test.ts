import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { makeKpodImage } from "../../scripts/lib/kpod-image.mjs";
import { KPOD, isExecutable } from "../helpers/kpod";
import { useNode } from "../helpers/node";
import { runProcess } from "../helpers/process";
import { testdir } from "../helpers/testdir";

interface DaemonSet {
  readonly spec?: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly { readonly command: string[]; readonly args: string[] }[];
      };
    };
  };
}

// On Node there is no executable that an image could hold.
const onExecutable = isExecutable ? describe : describe.skip;

onExecutable("the image of the executable", () => {
  const node = useNode();
  let name = "";

  beforeAll(async () => {
    const root = join(__dirname, "../..");
    const image = makeKpodImage(testdir(), { root, executable: KPOD, licences: "licences" });
    name = image.name;
    await node.ok("load", image.ociArchive);
  }, 120_000);

  test("runs in a container, which has all that it loads", async () => {
    const words = ["--rm", "--network", "none", "--cgroup-parent", node.world.cgroupParent, name];
    const { stdout, exitCode } = await node.kpod(
      "run",
      ...words,
      "sh",
      "-c",
      "kpod --version && kpod pod ps -q",
    );
    expect({ stdout, exitCode }).toEqual({ exitCode: 0, stdout: await node.ok("--version") });
  });

  test("looks after the node from there, as the node's own kpod would", async () => {
    const mounted = (await node.ok("mount", name)).trim();
    // In a pid namespace of its own this stands for the node's first process, as it is seen with the node's processes.
    const script = 'mount -t proc proc "$0/proc" && exec chroot "$0" /usr/local/bin/kpod-on-node "$@"';
    const words = ["--pid", "--fork", "--mount-proc", "sh", "-c", script, mounted];
    const asked = ["--config", node.world.config, "images", "--format", "{{.Name}} it's $(id)"];
    // What others do there meanwhile is theirs.
    const carried = (): string[] => readdirSync("/run").filter((name) => name.includes("kpod"));
    const before = carried();
    const there = await runProcess("unshare", [...words, ...asked]);
    expect(there).toEqual(await runProcess(KPOD, asked));
    expect(there.stdout).toContain("localhost/kpod");
    expect(carried()).toEqual(before);
    await node.ok("umount", name);
  });

  test("has all that the DaemonSet calls, which fails where it leaves no metrics", async () => {
    const mounted = (await node.ok("mount", name)).trim();
    const text = readFileSync(join(__dirname, "../../contrib/daemonset.yaml"), "utf8");
    const [, set] = parseAllDocuments(text).map((document) => document.toJS() as DaemonSet);
    const { command = [], args = [] } = set?.spec?.template.spec.containers[0] ?? {};
    // As above. What it writes on the node comes where nobody else sees it.
    const script = `
      root=$0 directory=/var/lib/node_exporter/textfile_collector
      mount -t tmpfs tmpfs /var/lib && mount -t proc proc "$root/proc" && mount -t tmpfs tmpfs "$root/tmp" && mount --bind /dev "$root/dev"
      chroot "$root" "$@"
      echo "ended with $?"
      mkdir -p "$directory"
      chroot "$root" "$@" &
      until [ -s "$directory/kpod.prom" ]; do sleep 0.1; done
      kill $!
      wait $!
      echo "ended with $?"
      cat "$directory/kpod.prom"`;
    const words = ["--pid", "--fork", "--mount-proc", "sh", "-c", script, mounted, ...command, ...args];
    const { stdout, stderr } = await runProcess("unshare", words, { timeout: 120_000 });
    expect(stdout).toMatch(/^ended with 1\nended with 0\n# HELP kpod_/);
    expect(stderr).toMatch(/^Error: cannot write .*kpod\.prom: no such file or directory$/m);
    await node.ok("umount", name);
  });
});
