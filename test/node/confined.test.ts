// SELinux labels, and pods in a user namespace, as a node has them. SELinux is permissive: it labels and forbids nothing.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { configure, crioUnits, inTime, kpod, ok, traces, type RuntimeName } from "./machine";

interface Inspected {
  readonly ID: string;
  readonly Pid: number;
  readonly ProcessLabel: string;
  readonly MountLabel: string;
  readonly Mountpoint: string;
  readonly BundlePath: string;
  readonly GraphDriver: { readonly Data: { readonly UpperDir: string } };
}

const inspected = (name: string): Inspected =>
  JSON.parse(ok("inspect", "-t", "container", name)) as Inspected;

const labelOf = (pid: number): string => readFileSync(`/proc/${pid}/attr/current`, "utf8").replace(/\0$/, "");

const fileLabel = (path: string): string =>
  execFileSync("stat", ["-c", "%C", path], { encoding: "utf8" }).trim();

const hostId = 100_000;

const runtimes: readonly RuntimeName[] = ["crun", "runc"];

async function expectNothingLeft(): Promise<void> {
  await inTime(() => crioUnits().length === 0);
  expect(traces()).toEqual([]);
}

describe.each(runtimes)("SELinux labels under %s", (runtime) => {
  const inPod = (pod: string, name: string, ...command: string[]): string =>
    ok("run", "-d", "--pod", pod, "--name", name, "busybox", ...command);
  const levelOf = (label: string): string => label.split(":").slice(3).join(":");
  let web: Inspected;
  let other: Inspected;

  beforeAll(() => {
    configure("systemd", runtime, { selinux: true });
    for (const pod of ["shop", "bank"]) ok("pod", "run", "--network", "none", "--name", pod);
    web = inspected(
      inPod("shop", "web", "sh", "-c", "touch /made; cat /proc/self/attr/current; exec sleep 1000"),
    );
    inPod("shop", "db", "sleep", "1000");
    other = inspected(inPod("bank", "web", "sleep", "1000"));
  }, 600_000);

  // So that what fails here does not fail what comes after.
  afterAll(() => {
    kpod("pod", "rm", "-f", "shop", "bank");
  }, 600_000);

  test("a container's processes have the label that inspect and ps tell, with two categories", async () => {
    expect(web.ProcessLabel).toMatch(/^system_u:system_r:container_t:s0:c\d+,c\d+$/);
    expect(await inTime(() => labelOf(web.Pid) === web.ProcessLabel)).toBe(true);
    expect(web.MountLabel).toBe(`system_u:object_r:container_file_t:${levelOf(web.ProcessLabel)}`);
    const rows = ok("ps", "--format", "{{.ID}} {{.ProcessLabel}} {{.MountLabel}}", "--no-trunc").split("\n");
    expect(rows).toContain(`${web.ID} ${web.ProcessLabel} ${web.MountLabel}`);
    expect(await inTime(() => logOf(web.ID).includes(web.ProcessLabel))).toBe(true);
  });

  test("the containers of a pod share its categories, and those of another have others", () => {
    const { ProcessLabel, Pid } = inspected("shop/db");
    expect(ProcessLabel).toBe(web.ProcessLabel);
    expect(labelOf(Pid)).toBe(web.ProcessLabel);
    const { InfraContainerID } = JSON.parse(ok("pod", "inspect", "shop")) as { InfraContainerID: string };
    expect(labelOf(Number(readFileSync(bundleFile(InfraContainerID, "pidfile"), "utf8")))).toBe(
      web.ProcessLabel,
    );
    expect(levelOf(other.ProcessLabel)).not.toBe(levelOf(web.ProcessLabel));
  });

  test("its files and those that the pod gives it have the label of its mounts", async () => {
    expect(await inTime(() => fileLabel(`/proc/${web.Pid}/root/made`) === web.MountLabel)).toBe(true);
    const pod = ["/etc/hostname", "/etc/resolv.conf", "/dev/shm", "/run/.containerenv"];
    for (const path of ["/", "/bin/busybox", ...pod])
      expect([path, fileLabel(`/proc/${web.Pid}/root${path}`)]).toEqual([path, web.MountLabel]);
    const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
    expect(mounts.find((line) => line.split(" ")[4] === web.Mountpoint)).toContain(
      `context="${web.MountLabel}"`,
    );
  });

  test("a process of exec has the container's label", () => {
    expect(ok("exec", web.ID, "cat", "/proc/self/attr/current").replace(/\0$/, "")).toBe(web.ProcessLabel);
  });

  test("what was recorded keeps categories from being given again, and a look shows a stopped one's", () => {
    ok("stop", "-t", "0", "shop/db");
    const { ProcessLabel, MountLabel } = inspected("shop/db");
    expect([ProcessLabel, MountLabel]).toEqual([web.ProcessLabel, web.MountLabel]);
    // Where CRI-O of today keeps those that do not outlive the node.
    const path = "/kpod-test/store/overlay-containers/volatile-containers.json";
    const records = JSON.parse(readFileSync(path, "utf8")) as { id: string; flags: Record<string, string> }[];
    expect(records.find(({ id }) => id === web.ID)?.flags).toMatchObject({
      MountLabel: web.MountLabel,
      ProcessLabel: web.ProcessLabel,
    });
  });

  test("nothing is left", async () => {
    ok("pod", "rm", "-f", "shop", "bank");
    await expectNothingLeft();
  });
});

/** Its words: runc may have said some before it, on stderr. */
function logOf(id: string): string {
  return kpod("logs", id).stdout;
}

function bundleFile(id: string, name: string): string {
  return join("/run/containers/storage/overlay-containers", id, "userdata", name);
}

test("a privileged pod has labels for its containers that are not, and what is asked for is given or refused", async () => {
  configure("systemd", "runc", { selinux: true });
  const volume = mkdtempSync("/root/volume-");
  try {
    ok("pod", "run", "--privileged", "--network", "none", "--name", "mixed");
    const launch = (name: string, ...flags: string[]): Inspected =>
      inspected(ok("run", "-d", "--pod", "mixed", "--name", name, ...flags, "busybox", "sleep", "1000"));
    const mighty = launch("mighty", "--privileged");
    const one = launch("one", "-v", `${volume}:/volume`);
    const free = launch("free", "--security-opt", "label=disable");
    expect([mighty.ProcessLabel, free.ProcessLabel]).toEqual(["", ""]);
    // What they share is for all of them.
    expect([mighty.MountLabel, free.MountLabel]).toEqual([one.MountLabel, one.MountLabel]);
    const { InfraContainerID } = JSON.parse(ok("pod", "inspect", "mixed")) as { InfraContainerID: string };
    expect(labelOf(Number(readFileSync(bundleFile(InfraContainerID, "pidfile"), "utf8")))).toBe(
      one.ProcessLabel,
    );
    expect(fileLabel(`/proc/${one.Pid}/root/dev/shm`)).toBe(one.MountLabel);
    const [, shown] = ok("top", one.ID, "label").split("\n");
    expect(shown).toBe(one.ProcessLabel);

    // What is copied into a volume is of the pod that the volume is of.
    execFileSync("chcon", [one.MountLabel, volume]);
    mkdirSync("/root/tree/in", { recursive: true });
    writeFileSync("/root/tree/in/file", "x");
    ok("cp", "-a", "/root/tree", `${one.ID}:/volume`);
    ok("cp", "/root/tree/in/file", `${one.ID}:/copied`);
    for (const path of ["tree", "tree/in", "tree/in/file"].map((name) => join(volume, name)))
      expect([path, fileLabel(path)]).toEqual([path, one.MountLabel]);
    expect(fileLabel(`/proc/${one.Pid}/root/copied`)).toBe(one.MountLabel);

    const unknown = kpod(
      ...["run", "--pod", "mixed", "--security-opt", "label=type:nobodys_t", "busybox", "true"],
    );
    expect(unknown.exitCode).toBe(125);
    expect(unknown.stderr).toContain(":nobodys_t:");
    expect(unknown.stderr).toContain("which was asked for");
    // Debian's criu was built without SELinux: what it dumped would be gone.
    const dumped = kpod("checkpoint", one.ID);
    expect(dumped.stderr).toContain("was built without SELinux");
    expect(ok("exec", one.ID, "echo", "alive")).toBe("alive");
  } finally {
    kpod("pod", "rm", "-f", "mixed");
    for (const path of [volume, "/root/tree"]) rmSync(path, { recursive: true, force: true });
  }
  await expectNothingLeft();
});

// So that what fails here does not fail what comes after.
afterEach(() => {
  for (const pod of ["mapped", "other"])
    if (kpod("pod", "inspect", pod).exitCode === 0) kpod("pod", "rm", "-f", pod);
}, 600_000);

test.each(runtimes)("pods with users of their own under %s", async (runtime) => {
  configure("systemd", runtime, { selinux: true });
  for (const path of ["/etc/subuid", "/etc/subgid"]) writeFileSync(path, `containers:${hostId}:100000\n`);
  // The way to the store is open, as on a node.
  for (let path = "/kpod-test/store/overlay"; path !== "/"; path = dirname(path)) chmodSync(path, 0o755);
  const pod = ok("pod", "run", "--network", "none", "--userns", "auto", "--name", "mapped");
  const { UID: uuid } = JSON.parse(ok("pod", "inspect", pod)) as { UID: string };

  // Launched: root in there, nobody on the node, and so are its files; labelled as any.
  const script = "touch /made; cat /proc/self/uid_map; id -u; exec sleep 1000";
  const id = ok("run", "-d", "--pod", "mapped", "--name", "web", "busybox", "sh", "-c", script);
  const web = inspected(id);
  expect(await inTime(() => /^0$/m.test(logOf(id)))).toBe(true);
  expect(logOf(id).split("\n")[0]?.trim().split(/\s+/)).toEqual(["0", String(hostId), "65536"]);
  expect(readFileSync(`/proc/${web.Pid}/status`, "utf8")).toMatch(new RegExp(`^Uid:\t${hostId}\t`, "m"));
  const made = statSync(join(web.GraphDriver.Data.UpperDir, "made"));
  expect([made.uid, made.gid]).toEqual([hostId, hostId]);
  expect(readFileSync(`/proc/${web.Pid}/attr/current`, "utf8")).toContain(web.ProcessLabel);

  // Listed and inspected.
  const namespace = readlinkSync(`/proc/${web.Pid}/ns/user`).replace(/\D/g, "");
  expect(namespace).toBe(String(statSync(`/var/run/userns/${uuid}`).ino));
  expect(ok("ps", "--format", "{{.User}} {{.State}}", "--filter", `id=${id}`)).toBe(`${namespace} running`);
  expect(JSON.parse(ok("pod", "inspect", pod))).toMatchObject({ State: "Ready" });

  // Entered: as root of its own namespace, where a user of the node has no place.
  expect(ok("exec", id, "cat", "/proc/self/uid_map").trim().split(/\s+/)).toEqual([
    "0",
    String(hostId),
    "65536",
  ]);
  expect(ok("exec", "-u", "33", id, "id", "-u")).toBe("33");
  expect(kpod("exec", "-u", "70000", id, "id")).toEqual({
    exitCode: 125,
    stdout: "",
    stderr: expect.stringMatching(
      /^Error: container web \(\w+\) cannot run it as user 70000, whom its user namespace does not have: .*\n$/,
    ) as string,
  });
  expect(ok("top", id, "user,huser,label").split("\n")[1]?.split(/\s+/)).toEqual([
    ...["root", String(hostId)],
    web.ProcessLabel,
  ]);

  // Another pod has others, which are free again once it is gone. Its runtime may have something to say, too.
  const others = ["--network", "none", "--userns", "auto:size=30000", "--name", "other"];
  const launchOther = (): string[] =>
    kpod("run", "--rm", ...others, "busybox", "cat", "/proc/self/uid_map")
      .stdout.trim()
      .split(/\s+/);
  const range = ["0", String(hostId + 65_536), "30000"];
  expect(launchOther()).toEqual(range);
  expect(launchOther()).toEqual(range);

  // Measured, paused, ended and removed.
  const [sample] = JSON.parse(ok("stats", "--no-stream", "--json", id)) as { pids: number }[];
  expect(sample?.pids).toBe(1);
  ok("pause", id);
  ok("unpause", id);
  ok("stop", "-t", "0", id);
  expect(ok("ps", "-a", "--format", "{{.ExitCode}}", "--filter", `id=${id}`)).toBe("137");
  ok("pod", "rm", "-f", pod);
  await expectNothingLeft();
  const mounts = readFileSync("/proc/self/mountinfo", "utf8");
  expect(mounts).not.toContain(uuid);
});
