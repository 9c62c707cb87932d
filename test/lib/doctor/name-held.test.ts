import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { examinedBy } from "../../helpers/doctor";
import { testdir } from "../../helpers/testdir";
import { until } from "../../helpers/until";
import { ids, versionServer, versionWorld } from "../../helpers/version-worlds";

/** Takes from a container what is there once it is made. */
function halve(directory: string, id: string, spec: boolean): void {
  for (const root of ["root", "runroot"]) {
    const userdata = join(directory, root, "overlay-containers", id, "userdata");
    for (const name of ["state.json", "exit", "oom", ...(spec ? [] : ["config.json"])])
      rmSync(join(userdata, name), { force: true });
  }
}

test("a name that a record holds: stale without anybody at work on it, with a spec too, and else slow", async () => {
  const directory = versionWorld("1.36");
  const { server } = versionServer(directory);
  const words = ["storage.name-held"];
  expect(await examinedBy(server, words)).toEqual([]);
  halve(directory, ids.failed, true);
  halve(directory, ids.before, false);
  const found = await examinedBy(server, words);
  expect(found.map(({ object, mend }) => [object.id, mend.class])).toEqual(
    expect.arrayContaining([
      [ids.failed, "Q"],
      [ids.before, "Q"],
    ]),
  );
  expect(found).toHaveLength(2);
  // What was made before an upgrade has its record in the other file.
  const containers = join(directory, "root/overlay-containers");
  expect(new Map(found.map(({ object, evidence }) => [object.id, evidence[0]?.file]))).toEqual(
    new Map([
      [ids.failed, join(containers, "volatile-containers.json")],
      [ids.before, join(containers, "containers.json")],
    ]),
  );
  // A plugin of the network hangs.
  const plugin = spawn("sleep", ["1000"], { env: { CNI_CONTAINERID: ids.failed }, stdio: "ignore" });
  const ended = new Promise((resolve) => plugin.once("exit", resolve));
  try {
    const slow = (await examinedBy(server, words)).find(({ object }) => object.id === ids.failed);
    expect(slow).toMatchObject({ severity: "breaks-now", mend: { class: "N", commands: [] } });
    expect(slow?.evidence.at(-1)).toEqual({
      file: `/proc/${plugin.pid ?? 0}/cmdline`,
      says: expect.stringContaining(`sleep (${plugin.pid ?? 0}) is at work on it`) as string,
    });
  } finally {
    plugin.kill("SIGKILL");
    await ended;
  }
  // A pod without a process of its own has lost its state by a reboot.
  rmSync(join(directory, "runroot"), { recursive: true });
  expect((await examinedBy(server, words)).map(({ object }) => object.id)).not.toContain(ids.plainPod);
});

// The numbers of calls are known of two processors.
(process.arch === "x64" ? test : test.skip)(
  "CRI-O that gives the files of a volume their labels",
  async () => {
    const directory = versionWorld("1.36");
    const listen = join(directory, "crio.sock");
    const { server } = versionServer(directory, { listen });
    const words = ["crio.relabel-slow", "storage.name-held"];
    expect(await examinedBy(server, words)).toEqual([]);
    const place = testdir({});
    const file = join(place, "pods/5f3d6c1e-uid/volumes/kubernetes.io~csi/data/mount/1");
    mkdirSync(dirname(file), { recursive: true });
    copyFileSync("/dev/null", file);
    const script =
      "use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1); " +
      'my ($p, $n, $v) = ($ARGV[1], "user.kpod", "x"); syscall(188, $p, $n, $v, 1, 0) while 1;';
    const crio = spawn("perl", ["-e", script, listen, file], { stdio: "ignore" });
    const ended = new Promise((resolve) => crio.once("exit", resolve));
    const pid = crio.pid ?? 0;
    try {
      // It stands still within the call: how long that takes, the kernel knows.
      await until("it stands in setxattr", () => {
        process.kill(pid, "SIGCONT");
        for (let at = 0; at < 1000; at++);
        process.kill(pid, "SIGSTOP");
        return readFileSync(`/proc/${pid}/syscall`, "utf8").startsWith("188 ");
      });
      const [found, ...others] = await examinedBy(server, words);
      expect(others).toEqual([]);
      expect(found).toMatchObject({
        id: "crio.relabel-slow",
        severity: "breaks-now",
        object: { kind: "pod", pid, path: dirname(dirname(file)) },
        evidence: [{ says: `CRI-O is in setxattr of ${file}` }],
        mend: { class: "N" },
      });
      halve(directory, ids.failed, false);
      const slow = (await examinedBy(server, ["storage.name-held"]))[0];
      expect(slow?.evidence.at(-1)?.says).toBe(
        `CRI-O gives the files of its volume their label: it is at ${file}`,
      );
      expect(slow?.mend.class).toBe("N");
    } finally {
      crio.kill("SIGKILL");
      await ended;
    }
  },
);
