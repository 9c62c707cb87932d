// A virtual machine: a node as they are today, with systemd and cgroup v2, emulated where the kernel lends no other way.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { clearTimeout, setTimeout } from "node:timers";
import { runProgram } from "./run.mjs";

/** See node-machine.d.mts. */
export function bootMachine({ disk, kernel, initrd }, testsDisk, { directory, timeLimitMs, onLine }) {
  const drive = (file, options) => ["-drive", `file=${file},if=virtio,format=raw,${options}`];
  const quiet = "quiet loglevel=3 systemd.show_status=0 rd.systemd.show_status=0 audit=0";
  // SELinux labels, and forbids nothing; pressure is counted whatever the kernel was built for.
  const more = "apparmor=0 security=selinux selinux=1 enforcing=0 psi=1";
  const args = [
    // KVM within a virtual machine has hung at boot where it was tried.
    ...["-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "2048"],
    ...["-nographic", "-no-reboot", "-nic", "none", "-monitor", "none", "-serial", "stdio"],
    ...["-kernel", kernel, "-initrd", initrd],
    ...["-append", `root=/dev/vda rw console=ttyS0 panic=-1 mitigations=off ${more} ${quiet}`],
    // What the machine writes to its own disk is gone with it.
    ...drive(disk, "snapshot=on,cache=unsafe"),
    ...drive(testsDisk, "cache=unsafe"),
  ];
  return new Promise((resolve, reject) => {
    const child = spawn("qemu-system-x86_64", args, {
      env: { ...process.env, TMPDIR: directory },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let timedOut = false;
    // Who ends this program ends the machine, and waits for what is to be cleared up.
    const stop = () => child.kill("SIGKILL");
    for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, stop);
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill("SIGKILL");
    }, timeLimitMs);
    let rest = "";
    const hear = (chunk) => {
      const lines = `${rest}${chunk}`.split("\n");
      rest = lines.pop();
      for (const line of lines) onLine(plain(line));
    };
    child.stdout.setEncoding("utf8").on("data", hear);
    child.stderr.setEncoding("utf8").on("data", hear);
    child.on("error", reject);
    child.on("close", () => {
      clearTimeout(timer);
      for (const signal of ["SIGINT", "SIGTERM"]) process.off(signal, stop);
      if (rest !== "") onLine(plain(rest));
      resolve({ timedOut });
    });
  });
}

/** See node-machine.d.mts. */
export async function readFromDisk(disk, name, directory) {
  const copy = join(directory, "dumped");
  await runProgram("debugfs", ["-R", `dump ${name} ${copy}`, disk]);
  if (!existsSync(copy)) return undefined;
  const text = readFileSync(copy, "utf8");
  rmSync(copy);
  return text;
}

/** A line without the escape sequences of BIOS and programs. */
function plain(line) {
  // eslint-disable-next-line no-control-regex
  return line.replace(/\u001b(\[[0-9;?]*[a-zA-Z]|c)|\r/g, "");
}
