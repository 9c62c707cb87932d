import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../../scripts/lib/layout.mjs";
import { contentsOf, createNode, type Node } from "../helpers/node";
import { succeeded } from "../helpers/process";
import type { RuntimeName } from "../helpers/world";

const settings = {
  "crio.runtime": {
    // MKNOD, so that it is the rules for devices that keep one out.
    default_capabilities: ["CHOWN", "DAC_OVERRIDE", "SETUID", "SETGID", "KILL", "MKNOD"],
    add_inheritable_capabilities: true,
    default_ulimits: ["nofile=512:1024", "core=0", "fsize=-1"],
    default_sysctls: ["net.ipv4.ip_forward=1", "kernel.shm_rmid_forced=1"],
    default_env: ["GREETING=hello"],
    additional_devices: ["/dev/full:/dev/brimming:rw"],
    pids_limit: 20,
    timezone: "local",
  },
};

const runtimes = (["runc", "crun"] as const).filter((name) => findProgram(name) !== undefined);

describe.each(runtimes)("under %s", (runtime: RuntimeName) => {
  let node: Node;

  beforeAll(async () => {
    node = await createNode({ runtime, settings });
    await node.pod("shop");
  }, 120_000);

  afterAll(async () => {
    await node.world.destroy();
  }, 120_000);

  /** What a script prints in a new container, which must end well. */
  const inside = (script: string): Promise<string> =>
    node.ok("run", "--rm", "--pod", "shop", "busybox", "sh", "-c", script);

  test("system calls are filtered, and capabilities are those of the configuration and no others", async () => {
    const status = await inside("grep -E '^(Seccomp|Cap(Inh|Prm|Eff|Bnd|Amb)):' /proc/1/status");
    // CHOWN 0, DAC_OVERRIDE 1, KILL 5, SETGID 6, SETUID 7, MKNOD 27.
    const granted = "00000000080000e3";
    expect(
      Object.fromEntries(
        status
          .trim()
          .split("\n")
          .map((line) => line.split(":\t")),
      ),
    ).toEqual({
      CapInh: granted,
      CapPrm: granted,
      CapEff: granted,
      CapBnd: granted,
      CapAmb: "0000000000000000",
      Seccomp: "2",
    });
    expect(await inside("unshare -m true 2>&1 || mount -t tmpfs x /tmp 2>&1; true")).toMatch(/not permitted/);
  });

  test("what is of the node is hidden or cannot be changed", async () => {
    const said = await inside(
      [
        // Not every kernel has all of them.
        "for file in /proc/kcore /proc/interrupts /proc/timer_list /proc/keys; do [ ! -e $file ] || head -c1 $file; done | wc -c",
        "ls /sys/firmware | wc -l",
        "(echo 1 >/proc/sys/kernel/panic) 2>&1",
        "(echo 1 >/proc/irq/default_smp_affinity) 2>&1",
        // The directory that holds the hierarchies of version 1 is the container's own.
        "grep -E '^[^ ]+ [^ ]+ cgroup2? ' /proc/self/mounts | grep -v ' ro,' | wc -l",
      ].join("; "),
    );
    expect(said.split("\n").slice(0, 2)).toEqual(["0", "0"]);
    expect(readFileSync("/proc/interrupts", "utf8")).not.toBe("");
    expect(said.match(/Read-only file system/g)).toHaveLength(2);
    expect(said).toMatch(/\n0\n$/);
  });

  test("a device that is made cannot be opened unless it is one of those that are allowed", async () => {
    const root = execFileSync("findmnt", ["-no", "MAJ:MIN", "-T", "/"], { encoding: "utf8" })
      .trim()
      .split(":");
    const made = await inside(
      // Not in the root, which may lie on a file system that has no devices at all.
      `mknod /dev/kernel c 1 11 && (head -c1 /dev/kernel >/dev/null) 2>&1;
       mknod /dev/disk b ${root.join(" ")} && (head -c1 /dev/disk >/dev/null) 2>&1;
       mknod /dev/hole c 1 3 && echo x >/dev/hole && echo allowed;
       (echo x >/dev/brimming) 2>&1; true`,
    );
    expect(made.match(/not permitted/g)).toHaveLength(2);
    expect(made).toContain("allowed\n");
    expect(made).toMatch(/No space left on device/);
  });

  test("limits of the process and of the number of processes hold", async () => {
    const limits = await inside("ulimit -Sn; ulimit -Hn; ulimit -Hc; ulimit -Hf; cat /proc/1/oom_score_adj");
    expect(limits).toMatch(/^512\n1024\n0\nunlimited\n\d+\n$/);
    const forks = await inside(
      "i=0; while [ $i -lt 40 ]; do sleep 5 & i=$((i+1)); done 2>&1 | head -1; true",
    ).catch((error: unknown) => String(error));
    expect(forks).toMatch(/can't fork|Resource temporarily unavailable|cannot fork/);
  });

  test("settings of the pod's namespaces, variables, groups and the time zone are the configuration's", async () => {
    const said = await inside(
      "cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shm_rmid_forced; echo $GREETING; id -G; grep -c /etc/localtime /proc/self/mounts",
    );
    expect(said).toBe("1\n1\nhello\n0\n1\n");
    expect(readFileSync("/proc/sys/kernel/shm_rmid_forced", "utf8")).toBe("0\n");
  });

  test("with read_only the root is, but for places to write", async () => {
    const path = join(node.world.scratch, "read-only.conf");
    const text = readFileSync(node.world.config, "utf8");
    writeFileSync(path, text.replace("[crio.runtime]\n", "[crio.runtime]\nread_only = true\n"));
    const script =
      "(echo x >/file) 2>&1; for d in /run /tmp /var/tmp; do echo x >$d/file && echo $d; done; stat -c %a /tmp";
    const run = await node.kpod("-c", path, "run", "--rm", "--pod", "shop", "busybox", "sh", "-c", script);
    expect(succeeded(run, "kpod run").stdout).toMatch(
      /Read-only file system\n\/run\n\/tmp\n\/var\/tmp\n1777\n$/,
    );
  });

  test("with the profile unconfined, and only then, no system call is filtered", async () => {
    const path = join(node.world.scratch, "unconfined.conf");
    const text = readFileSync(node.world.config, "utf8");
    writeFileSync(path, text.replace("[crio.runtime]\n", '[crio.runtime]\nseccomp_profile = "unconfined"\n'));
    const words = ["run", "--rm", "--pod", "shop", "busybox", "grep", "^Seccomp:", "/proc/1/status"];
    expect(succeeded(await node.kpod("-c", path, ...words), "kpod run").stdout).toBe("Seccomp:\t0\n");
  });
});

describe("a configuration that kpod cannot follow", () => {
  let node: Node;

  beforeAll(async () => {
    node = await createNode();
    await node.pod("shop");
  }, 120_000);

  afterAll(async () => {
    await node.world.destroy();
  }, 120_000);

  function configWith(lines: string): string {
    const path = join(node.world.scratch, `${Math.random().toString(36).slice(2)}.conf`);
    const text = readFileSync(node.world.config, "utf8");
    writeFileSync(path, text.replace("[crio.runtime]\n", `[crio.runtime]\n${lines}\n`));
    return path;
  }

  test.each([
    [
      'uid_mappings = "0:100000:65536"',
      /^kpod cannot follow uid_mappings in \[crio\.runtime\] of \S+: .*user namespace/,
    ],
    [
      'seccomp_profile = "/nowhere/seccomp.json"',
      /^the seccomp profile \/nowhere\/seccomp\.json is missing: correct/,
    ],
    ['default_capabilities = ["ALL"]', /crio\.runtime\.default_capabilities must be a list of capabilities/],
    ['additional_devices = ["/dev/nowhere"]', /additional_devices names \/dev\/nowhere: no such file/],
    ['timezone = "Moon/Far_Side"', /^the time zone Moon\/Far_Side cannot be read: /],
  ])("%s refuses the launch and leaves nothing behind", async (lines, message) => {
    const before = contentsOf(node.world);
    const config = configWith(lines);
    for (const args of [
      ["run", "-d", "--pod", "shop", "busybox", "true"],
      ["run", "-d", "--cgroup-parent", node.world.cgroupParent, "busybox", "true"],
    ]) {
      expect(await node.refusal("-c", config, ...args)).toMatch(message);
      expect(contentsOf(node.world)).toEqual(before);
    }
  });

  test("the labels of a container stand in its records, where CRI-O and podman look for them", async () => {
    const { server } = await node.openServer();
    const image = await server.store.image("busybox");
    const labels = { process: "u:r:container_t:s0:c1,c2", mount: "u:r:container_file_t:s0:c1,c2" };
    const names = { podName: "k8s_p", podId: "p", containerName: "k8s_labelled", metadataName: "labelled" };
    const { id } = await server.storageRuntimeServer.createContainer({
      ...names,
      attempt: 0,
      imageName: "busybox",
      image,
      labels,
    });
    const record = (await server.store.containers()).find((each) => each.id === id);
    expect(record?.flags).toMatchObject({ MountLabel: labels.mount, ProcessLabel: labels.process });
    expect(JSON.parse(record?.metadata ?? "{}")).toMatchObject({ mountlabel: labels.mount });
    const layer = (await server.store.layers()).find((each) => each.id === record?.layer);
    expect(layer?.mountlabel).toBe(labels.mount);
    succeeded(await node.world.containersStorage(["containers", "--json"]), "containers-storage");
    await server.storageRuntimeServer.deleteContainer(id);
  });

  test("does not keep anybody from looking", async () => {
    const config = configWith('uid_mappings = 7\ndefault_ulimits = "much"');
    expect(await node.ok("-c", config, "pod", "ps", "-q")).not.toBe("");
  });

  // Where SELinux is at work, labels are given instead.
  const withoutSelinux = existsSync("/sys/fs/selinux/enforce") ? test.skip : test;
  withoutSelinux("selinux without SELinux in the kernel is said, once, and the container runs", async () => {
    const config = configWith("selinux = true");
    const parent = ["--cgroup-parent", node.world.cgroupParent];
    const run = await node.kpod("-c", config, "run", "--rm", ...parent, "busybox", "echo", "hello");
    expect(run).toEqual({
      exitCode: 0,
      stdout: "hello\n",
      stderr: expect.stringMatching(/^[^\n]*this kernel runs without SELinux[^\n]*\n$/) as string,
    });
  });
});
