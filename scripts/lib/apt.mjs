// Installs Debian packages.
import { existsSync, readFileSync, readdirSync } from "node:fs";
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

/** Installs packages; the lists are fetched when there are none, and anew when the install fails with old ones. */
export async function aptInstall(packages) {
  const fresh = !hasLists();
  if (fresh) await update();
  const install = () => apt(["install", ...INSTALL_OPTIONS, ...packages]);
  let result = await install();
  if (result.code !== 0 && !fresh) {
    await update();
    result = await install();
  }
  if (result.code !== 0) {
    throw new ScriptError(`apt-get install ${packages.join(" ")} failed:\n${lastLines(result.output)}`);
  }
}
