// Run by npm when it has installed kpod: puts the executable for this machine, where there is one and it runs, in the
// place of bin/kpod. Where not, or where npm may run no scripts, bin/kpod goes on being a script for Node.
"use strict";
const { execFileSync } = require("node:child_process");
const { copyFileSync, linkSync, renameSync, rmSync } = require("node:fs");
const { join } = require("node:path");
const { version } = require("../package.json");

const target = join(__dirname, "kpod");
const staging = `${target}.${process.pid}`;

try {
  const executable = require.resolve(`kpod-linux-${process.arch}/bin/kpod`);
  // Another C library, or a processor that is too old: it has to be seen.
  const printed = execFileSync(executable, ["--version"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  if (printed === `kpod version ${version}\n`) put(executable);
} catch {
  // There is none for this machine, or it does not run here.
}

function put(executable) {
  try {
    try {
      linkSync(executable, staging);
    } catch {
      copyFileSync(executable, staging);
    }
    renameSync(staging, target);
  } finally {
    rmSync(staging, { force: true });
  }
}
