import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename, dirname, join } from "node:path";
import { cgroupDirectories } from "../../scripts/lib/machine.mjs";
import { readJournals } from "../../src/lib/doctor/mend/journal";
import type { Container } from "../../src/lib/oci/container";
import { isAlive } from "../../src/lib/system/process";
import { unmount } from "../../src/lib/system/mount";
import { examined, expectSound } from "../helpers/doctor";
import { freezerOf } from "../helpers/freezer";
import { killedAt } from "../helpers/killed";
import { conmonOf, pidOf, useNode, usePod } from "../helpers/node";
import { testId } from "../helpers/store-tree";
import { until } from "../helpers/until";

const node = useNode();
const pod = usePod(node, "shop");

const quickly = ["--quick", "--min-age", "0s"];
const mending = ["doctor", "--mend", "--yes", ...quickly];

const left = testId("left");
const orphaned = testId("orphaned");

/** The cgroups that a container of this id would have beside those of the pod. */
function cgroupsOf(id: string): string[] {
  return cgroupDirectories(node.world.cgroupParent)
    .filter((directory) => basename(directory) === `crio-${pod.id}`)
    .map((directory) => join(dirname(directory), `crio-${id}`));
}

/** What CRI-O does when it sees an exit file. */
function takeOver({ id, dir }: Container): void {
  const watched = join(node.world.exitsDir, id);
  if (!existsSync(watched)) return;
  const path = join(dir, "state.json");
  const state = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  writeFileSync(
    path,
    JSON.stringify({ ...state, status: "stopped", exitCode: Number(readFileSync(watched, "utf8")) }),
  );
  rmSync(watched);
}

// Each line of the journal is on the disk before what it tells is done: to be killed as one is written is to be killed
// between any two steps.
test("a doctor that is killed while it stops, removes, thaws or ends something leaves what the next one ends", async () => {
  const { world } = node;
  const cgroupParent = `${world.cgroupParent}/cold`;
  const cold = await node.pod("cold", { cgroupParent });
  const freezer = freezerOf(cgroupParent);
  const brief = await node.pod("brief");
  const [lost, job, member] = await Promise.all([
    node.start(pod, "lost", "sleep 1000"),
    node.start(pod, "job", "until [ -e /go ]; do sleep 0.05; done; exit 3"),
    node.start(brief, "member", "sleep 1000"),
  ]);
  await expectSound(node);

  const socket = join(world.directory, "crio.sock");
  const crio = createServer((_, response) => {
    response.end(JSON.stringify({ storage_root: world.root }));
  });
  await new Promise<void>((resolve) => crio.listen(socket, resolve));
  const watched = join(world.exitsDir, job.id);
  let sleeper: ChildProcess | undefined;
  const gone = new Promise<void>((resolve) => {
    sleeper = spawn("sleep", ["1000"], { stdio: "ignore" }).once("exit", () => {
      resolve();
    });
  });
  try {
    writeFileSync(`/proc/${pidOf(job)}/root/go`, "");
    await until(
      "the job has ended",
      () => existsSync(join(job.dir, "exit")) && !isAlive({ pid: conmonOf(job) }),
    );
    rmSync(watched, { force: true });
    rmSync(join(job.dir, "exit"));
    const monitor = conmonOf(lost);
    process.kill(monitor, "SIGKILL");
    await until("conmon has died", () => !isAlive({ pid: monitor }));
    unmount(brief.namespacePath("uts"));
    for (const directory of [...cgroupsOf(left), ...cgroupsOf(orphaned)]) mkdirSync(directory);
    for (const directory of cgroupsOf(orphaned).filter((each) => !each.includes("cpuset")))
      writeFileSync(join(directory, "cgroup.procs"), String(sleeper?.pid));
    writeFileSync(freezer.file, freezer.frozen);

    const began = await examined(node, "--min-age", "0s");
    expect(new Set(began.findings.map(({ id }) => id))).toEqual(
      new Set([
        ...["proc.state-stale", "proc.monitor-dead", "ns.pin-invalid", "proc.hostpid-orphan"],
        ...["cgroup.left", "cgroup.frozen"],
      ]),
    );
    let unfinished = 0;
    let names = began.findings.map(({ finding }) => finding);
    for (let step = 0; names.length > 0; step++) {
      const words = ["--config", world.config, ...mending, ...names];
      await killedAt(3 + (step % 10), words, "fsync,fdatasync");
      for (const container of [job, lost, member]) takeOver(container);
      const { findings } = await examined(node, "--min-age", "0s");
      const kept = findings.filter(({ id }) => id !== "doctor.unfinished");
      if (kept.length < findings.length) unfinished++;
      names = findings.map(({ finding }) => finding);
      expect(step).toBeLessThan(60);
    }
    expect(unfinished).toBeGreaterThan(3);

    await expectSound(node, "--min-age", "0s");
    expect(readFileSync(join(job.dir, "exit"), "utf8")).toBe("255");
    await gone;
    const shown = await node.ok("ps", "-a", "--format", "{{.Names}} {{.Status}}", "--no-trunc");
    expect(shown).toMatch(/k8s_lost_\S+ Exited/);
    expect(shown).not.toMatch(/k8s_member_/);
    expect(await node.ok("pod", "ps", "--format", "{{.Name}}")).toMatch(/^k8s_cold_\S+\nk8s_shop_\S+\n$/);
    await node.agree();
    const entries = readJournals({ kpodStateDir: join(world.directory, "state") }).flatMap(
      (each) => each.entries,
    );
    expect(entries.filter(({ ended, undone }) => !ended && !undone)).toEqual([]);
  } finally {
    if (existsSync(freezer.file)) writeFileSync(freezer.file, freezer.thawed);
    sleeper?.kill("SIGKILL");
    await gone;
    await new Promise((resolve) => crio.close(resolve));
    rmSync(socket, { force: true });
    for (const directory of [...cgroupsOf(left), ...cgroupsOf(orphaned)])
      if (existsSync(directory)) rmdirSync(directory);
  }
  await node.ok("pod", "rm", "-f", cold.id);
}, 300_000);
