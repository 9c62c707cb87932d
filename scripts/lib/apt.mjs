// Installs Debian packages.
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { findProgram } from "./layout.mjs";
import { ScriptError, runProgram } from "./run.mjs";

const LISTS = "/var/lib/apt/lists";
const APT_OPTIONS = ["-q", "-y", "-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Use-Pty=0"];
// A named package that is installed but whose configuration file somebody deleted gets the file back.
const INSTALL_OPTIONS = ["--no-install-recommends", "--reinstall", "-o", "Dpkg::Options::=--force-confmiss"];

/** Fields of an os-release file, without quotes. */
export function parseOsRelease(text) {
  const lines = text.split("\n").map((line) => /^(\w+)=(.*)$/.exec(line));
  return Object.fromEntries(
    lines.filter(Boolean).map(([, key, value]) => [key, value.replace(/^(["'])(.*)\1$/, "$2")]),
  );
}

/** Whether this is Debian or something made from it, with apt-get. */
export function hasApt(osRelease = "/etc/os-release") {
  if (!existsSync(osRelease) || findProgram("apt-get") === undefined) return false;
  const { ID = "", ID_LIKE = "" } = parseOsRelease(readFileSync(osRelease, "utf8"));
  return [ID, ...ID_LIKE.split(" ")].some((id) => id === "debian" || id === "ubuntu");
}

function hasLists() {
  return existsSync(LISTS) && readdirSync(LISTS).some((name) => name.includes("_Packages"));
}

async function apt(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return runProgram(findProgram("apt-get"), [...APT_OPTIONS, ...args], { env });
}

function lastLines(output) {
  return output.trimEnd().split("\n").slice(-15).join("\n");
}

async function update() {
  console.log("    apt-get update: fetching the lists of packages");
  const { code, output } = await apt(["update"]);
  if (code !== 0) throw new ScriptError(`apt-get update failed:\n${lastLines(output)}`);
}

/** Asked by Debian's packages before they start a service; 101 is no. */
const POLICY = "/usr/sbin/policy-rc.d";

/**
 * Does something while no package starts a service, and turns off what is to start with the machine since then: tests
 * start the servers they need by themselves, and one for ssh is not to stand open for it.
 */
async function withoutServices(work) {
  const decided = existsSync(POLICY);
  if (!decided) writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    const before = await enabledServices();
    const result = await work();
    const added = (await enabledServices()).filter((name) => !before.includes(name));
    if (added.length > 0) await runProgram("systemctl", ["--quiet", "disable", ...added]);
    return result;
  } finally {
    if (!decided) rmSync(POLICY, { force: true });
  }
}

/** The services that start with the machine. */
async function enabledServices() {
  if (findProgram("systemctl") === undefined) return [];
  const words = ["list-unit-files", "--no-legend", "--type=service,socket", "--state=enabled"];
  const { output } = await runProgram("systemctl", words);
  return output.split("\n").flatMap((line) => line.trim().split(/\s+/)[0] || []);
}

/** Installs packages, and starts none of their services; the lists are fetched when there are none, and anew when the install fails with old ones. */
export async function aptInstall(packages) {
  const fresh = !hasLists();
  if (fresh) await update();
  const install = () => withoutServices(() => apt(["install", ...INSTALL_OPTIONS, ...packages]));
  let result = await install();
  if (result.code !== 0 && !fresh) {
    await update();
    result = await install();
  }
  if (result.code !== 0) {
    throw new ScriptError(`apt-get install ${packages.join(" ")} failed:\n${lastLines(result.output)}`);
  }
}
