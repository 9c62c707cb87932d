import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../../scripts/lib/layout.mjs";
import { hasSelinux } from "../../src/lib/launch/selinux";
import { annotations } from "../../src/lib/oci/annotations";
import type { Container } from "../../src/lib/oci/container";
import { kernelOf } from "../helpers/cgroup-values";
import { contentsOf, useNode, usePod } from "../helpers/node";

const mebibyte = 1024 * 1024;
const runtimes = (["runc", "crun"] as const).filter((name) => findProgram(name) !== undefined);

describe.each(runtimes)("what a container is made with, under %s", (runtime) => {
  const node = useNode({ runtime });
  usePod(node, "shop");

  async function containerOf(name: string): Promise<Container> {
    const { server } = await node.openServer();
    await server.update();
    return server.lookupContainer(name);
  }

  const inside = (name: string, script: string): Promise<string> => node.ok("exec", name, "sh", "-c", script);

  test("is what it has: user, directory, limits, capabilities, mounts, devices", async () => {
    const data = join(node.world.scratch, "data");
    mkdirSync(data);
    writeFileSync(join(data, "in"), "from the host\n");
    const args = [
      ...["--pod", "shop", "--name", "full", "--user", "1000:2000", "--workdir", "/scratch"],
      ...["--entrypoint", '["sh","-c"]', "--annotation", "team=sales", "--init"],
      ...["-m", "64m", "--cpus", "0.5", "--cpu-shares", "512", "--cpuset-cpus", "0", "--pids-limit", "55"],
      ...["--ulimit", "nofile=100:200", "--ulimit", "core=-1", "--oom-score-adj", "321"],
      ...["--cap-drop", "ALL", "--cap-add", "chown", "--cap-add", "CAP_NET_RAW"],
      ...["--security-opt", "seccomp=unconfined", "--security-opt", "no-new-privileges"],
      ...["--read-only", "--tmpfs", "/scratch:size=1m,exec,mode=1777"],
      ...["--mount", `type=bind,src=${data},dst=/data,ro`, "--mount", "type=tmpfs,dst=/m,tmpfs-size=64k"],
      ...["--device", "/dev/full:/dev/brimming:r", "--stop-signal", "INT", "--stop-timeout", "77"],
      ...["--log-opt", `path=${join(node.world.scratch, "full.log")}`, "--log-opt", "max-size=1m"],
    ];
    await node.ok("create", ...args, "busybox", "trap 'exit 9' INT; while :; do sleep 0.1; done");
    await node.ok("start", "full");
    const container = await containerOf("full");

    const script = [
      "id -u; id -g; cat /proc/1/comm; pwd",
      "grep -E '^(CapBnd|CapEff|NoNewPrivs|Seccomp):' /proc/1/status",
      "cat /proc/1/oom_score_adj; grep -E 'open files|core file' /proc/1/limits",
      "cat /data/in; for path in /no /data/no /scratch/yes /tmp/yes; do touch $path 2>/dev/null && echo $path; done",
      "grep -E ' (/scratch|/m) ' /proc/mounts | cut -d ' ' -f 2-4",
      "stat -c '%F %t,%T' /dev/brimming; echo x > /dev/brimming",
    ].join("\n");
    // What the last line says to the device is refused, be it as read-only or as full.
    const { stdout } = await node.kpod("exec", "full", "sh", "-c", script);
    const lines = stdout.split("\n").map((line) => line.replace(/\s+/g, " ").trim());
    expect(lines.slice(0, 4)).toEqual(["1000", "2000", expect.stringMatching(/init|catatonit/), "/scratch"]);
    expect(lines).toEqual(
      expect.arrayContaining([
        // CHOWN 0, NET_RAW 13; who is not root has them to gain only.
        "CapBnd: 0000000000002001",
        "CapEff: 0000000000000000",
        "NoNewPrivs: 1",
        "Seccomp: 0",
        "321",
        "Max open files 100 200 files",
        "Max core file size unlimited unlimited bytes",
        "from the host",
        "/scratch/yes",
        "/tmp/yes",
        "character special file 1,7",
      ]),
    );
    expect(lines).not.toContain("/no");
    expect(lines).not.toContain("/data/no");
    const mounts = lines.filter((line) => line.includes(" tmpfs "));
    expect(mounts.find((line) => line.startsWith("/m "))).toMatch(/noexec.*size=64k/);
    expect(mounts.find((line) => line.startsWith("/scratch "))).not.toContain("noexec");

    expect(kernelOf(container, "memory", "memory.limit_in_bytes", "memory.max")).toBe(String(64 * mebibyte));
    expect(kernelOf(container, "pids", "pids.max", "pids.max")).toBe("55");
    expect(kernelOf(container, "cpuset", "cpuset.cpus", "cpuset.cpus")).toBe("0");
    expect(kernelOf(container, "cpu", "cpu.cfs_quota_us", "cpu.max")).toMatch(/^50000( 100000)?$/);

    expect(container.spec.linux?.resources).toMatchObject({
      memory: { limit: 64 * mebibyte },
      cpu: { quota: 50_000, period: 100_000, shares: 512, cpus: "0" },
      pids: { limit: 55 },
    });
    expect(container.annotations).toEqual({ team: "sales" });
    expect(container.specAnnotations).toMatchObject({
      team: "sales",
      "org.opencontainers.image.stopSignal": "INT",
      [annotations.stopTimeout]: "77",
      "io.kubernetes.cri-o.SeccompProfilePath": "Unconfined",
    });
    expect(JSON.parse(container.specAnnotations["io.kubernetes.cri-o.Volumes"] ?? "")).toEqual([
      expect.objectContaining({ container_path: "/data", host_path: data, readonly: true, propagation: 0 }),
    ]);
    expect(container.logPath).toBe(join(node.world.scratch, "full.log"));
    expect(readFileSync(`/proc/${container.state?.monitor?.pid ?? 0}/cmdline`, "utf8")).toContain(
      `--log-size-max\0${mebibyte}\0`,
    );
    // Its own signal asks it, which its init hands on.
    await node.ok("stop", "full");
    expect(await node.ok("ps", "-aq", "-f", "exited=9", "--no-trunc")).toBe(`${container.id}\n`);
    // And all of that holds for the next run.
    await node.ok("start", "full");
    expect(await inside("full", "id -u; cat /proc/1/oom_score_adj")).toBe("1000\n321\n");
    await node.ok("rm", "-f", "full");
    await node.agree();
  });

  test("a profile of one's own, swap, and mounts that come later are the container's", async () => {
    const shared = join(node.world.scratch, "shared");
    const profile = join(node.world.scratch, "no-mkdir.json");
    mkdirSync(shared);
    const denied = [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 1 }];
    writeFileSync(profile, JSON.stringify({ defaultAction: "SCMP_ACT_ALLOW", syscalls: denied }));
    const args = [
      ...["--pod", "shop", "--name", "own", "--security-opt", `seccomp=${profile}`],
      ...["-m", "32m", "--memory-swap", "48m"],
      ...["--mount", `type=bind,src=${shared},dst=/shared,bind-propagation=rslave`],
    ];
    await node.ok("run", "-d", ...args, "busybox", "sleep", "1000");
    try {
      expect(await inside("own", "mkdir /tmp/no 2>&1; touch /tmp/yes && echo yes")).toMatch(
        /Operation not permitted\nyes\n$/,
      );
      const container = await containerOf("own");
      expect(container.spec.linux?.resources?.memory).toMatchObject({
        ...{ limit: 32 * mebibyte, swap: 48 * mebibyte },
      });
      // What the node itself does not share shows nothing in the kernel's own list.
      const mount = container.spec.mounts?.find(({ destination }) => destination === "/shared");
      expect(mount?.options).toContain("rslave");
    } finally {
      await node.ok("rm", "-f", "own");
    }
  });

  test("the host's rights, in a pod that has them", async () => {
    const parent = ["--cgroup-parent", node.world.cgroupParent];
    expect(await node.refusal("create", "--privileged", "--pod", "shop", "busybox", "true")).toBe(
      "pod shop is not privileged, and so no container in it: make a pod that is",
    );
    await node.ok("run", "-d", "--privileged", "--name", "mighty", ...parent, "busybox", "sleep", "1000");
    const status = readFileSync("/proc/self/status", "utf8");
    const own = /^CapBnd:\s*(\w+)$/m.exec(status)?.[1] ?? "";
    const seen = await inside(
      "mighty",
      "grep -E '^(CapEff|Seccomp):' /proc/1/status; ls /dev/null /dev/zero; ls /dev | wc -l",
    );
    expect(seen).toContain(`CapEff:\t${own}\n`);
    expect(seen).toContain("Seccomp:\t0\n");
    const container = await containerOf("mighty");
    expect(container.spec.linux).not.toHaveProperty("maskedPaths");
    expect(container.spec.linux?.resources?.devices).toEqual([{ allow: true, access: "rwm" }]);
    expect(container.spec.mounts?.find(({ destination }) => destination === "/sys")?.options).toContain("rw");
    const { root } = node.world;
    const records = readFileSync(join(root, "overlay-containers/containers.json"), "utf8");
    expect(records.split(String.raw`\"privileged\":true`)).toHaveLength(3);
    await node.ok("pod", "rm", "-f", "mighty");
  });

  test("the runtime of a handler, for the pod and all its containers", async () => {
    const parent = ["--cgroup-parent", node.world.cgroupParent];
    await node.ok(
      "run",
      "-d",
      "--runtime-handler",
      runtime,
      "--name",
      "named",
      ...parent,
      "busybox",
      "sleep",
      "1000",
    );
    const { server } = await node.openServer();
    await server.update();
    expect(server.lookupSandbox("named").runtimeHandler).toBe(runtime);
    expect(server.runtime.handler(server.lookupContainer("named")).name).toBe(runtime);
    const before = contentsOf(node.world);
    expect(await node.refusal("pod", "run", "--runtime-handler", "nope")).toMatch(
      /handler nope,? .*not configured/,
    );
    expect(contentsOf(node.world)).toEqual(before);
    await node.ok("pod", "rm", "-f", "named");
  });
});

describe("what is refused", () => {
  const node = useNode();
  usePod(node, "shop");

  test.each([
    [["--cap-add", "FOO"], 'option --cap-add: "FOO" is no capability: give one as NET_ADMIN, or ALL'],
    [["--device", "null"], 'option --device: "null" is not /dev/HOST[:/CTR][:rwm]'],
    [
      ["--ulimit", "nofile=9:1"],
      'option --ulimit: "nofile=9:1" is not NAME=SOFT[:HARD], as nofile=1024:2048',
    ],
    [["--tmpfs", "/a:foo"], 'option --tmpfs: "/a:foo" has "foo", which is no option of tmpfs'],
    [["--tmpfs", "a"], 'option --tmpfs: "a" is not /PATH or /PATH:OPTIONS'],
    [
      ["--mount", "type=volume,dst=/a"],
      'option --mount: "type=volume,dst=/a" needs type=bind or type=tmpfs: there are no volumes with names',
    ],
    [["--mount", "type=bind,dst=/a"], 'option --mount: "type=bind,dst=/a" needs src=PATH, one of the host'],
    [
      ["--mount", "type=tmpfs,dst=/a,src=/b"],
      'option --mount: "type=tmpfs,dst=/a,src=/b" has src, which a mount of this type cannot have',
    ],
    [
      ["--mount", "type=bind,dst=/a,x=1"],
      'option --mount: "type=bind,dst=/a,x=1" has "x", which is no key of a mount',
    ],
    [
      ["--security-opt", "mask=/proc"],
      'option --security-opt: "mask=/proc" is none of seccomp=, apparmor=, label= and no-new-privileges',
    ],
    [
      ["--security-opt", "label=x"],
      "option --security-opt: label=x is neither disable nor user:, role:, type: or level: with a value",
    ],
    [
      ["--restart", "always"],
      'option --restart: "always" cannot be done, for no daemon is there to restart a container: give no, or leave it out',
    ],
    [["--env-file", "/no/such"], "option --env-file: cannot read /no/such: no such file or directory"],
    [
      ["--userns", "keep-id"],
      'option --userns: "keep-id" is neither host nor auto, nor users like 0:200000:65536',
    ],
    [
      ["--userns", "0:0:1000"],
      "option --userns: the user namespace 0:0:1000 cannot be: its users would be root on the node",
    ],
    [
      ["--pod", "shop", "--userns", "auto"],
      'option --userns: a pod that is there has its users already: give pod or host in place of "auto"',
    ],
    [["--userns", "pod"], "option --userns: pod needs --pod"],
    [["--memory-swap", "1g"], "option --memory-swap is memory and swap together, and needs --memory"],
    [["--log-opt", "max-size=10"], "option --log-opt: max-size 10 is less than 8192 bytes"],
    [["--log-opt", "tag=x"], 'option --log-opt: "tag=x" is neither max-size=SIZE nor path=FILE'],
    [["--entrypoint", "[sh"], 'option --entrypoint: "[sh" is no list of words in JSON'],
    [["--oom-score-adj", "1001"], "option --oom-score-adj: 1001 is more than 1000"],
    [["--workdir", "here"], 'option --workdir: "here" is not an absolute path'],
    [
      ["--pod", "shop", "--runtime-handler", "runc"],
      "option --runtime-handler is for a new pod and cannot be given with --pod",
    ],
  ])("%j is wrong usage", async (words, message) => {
    const { exitCode, stdout, stderr } = await node.kpod("create", ...words, "busybox", "true");
    expect({ exitCode, stdout, first: stderr.split("\n")[0] }).toEqual({
      exitCode: 2,
      stdout: "",
      first: `Error: ${message}`,
    });
  });

  test("what cannot be had is said in one line, before anything is made", async () => {
    const log = join(node.world.scratch, "taken.log");
    const profile = join(node.world.scratch, "profile.json");
    const link = join(node.world.scratch, "link.log");
    writeFileSync(log, "somebody's\n");
    writeFileSync(profile, "{}");
    symlinkSync("link.log", link);
    const before = contentsOf(node.world);
    const refusals: readonly (readonly [words: readonly string[], message: RegExp])[] = [
      [["--device", "/dev/none-such"], /^the container is to have \/dev\/none-such: no such file/],
      [["--device", "/dev/shm"], /\/dev\/shm, which is no device$/],
      [["--security-opt", "seccomp=/none-such"], /^the seccomp profile \/none-such is missing: name another/],
      [["--security-opt", `seccomp=${profile}`], /profile\.json is not a seccomp profile: name another/],
      [["--tmpfs", "/a", "--tmpfs", "/a"], /^two mounts are to be at \/a of the container$/],
      [["-m", "64m", "--memory-swap", "32m"], /^memory and swap together cannot be less than the memory$/],
      [["--cpuset-cpus", "one"], /^invalid list of processors "one"/],
      [["--log-opt", `path=${log}`], /taken\.log is there already: name another$/],
      [["--log-opt", `path=${link}`], /link\.log is there already: name another$/],
      [["--log-opt", `path=${log}/x`], /^cannot make the directory [^ ]*taken\.log: what is there is no dir/],
      [["--user", "nobody-here"], /^the container is to run as nobody-here, whom/],
      [["--userns", "pod"], /^pod shop has no user namespace that a container could join$/],
      ...(hasSelinux()
        ? []
        : [[["--security-opt", "label=disable"], /this kernel runs without SELinux$/] as const]),
    ];
    for (const [words, message] of refusals)
      expect(await node.refusal("create", "--pod", "shop", ...words, "busybox", "true")).toMatch(message);
    expect(contentsOf(node.world)).toEqual(before);
    expect(statSync(log).size).toBe("somebody's\n".length);
  });
});
