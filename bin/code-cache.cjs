// Loads the command line where node cannot keep what V8 has compiled, and keeps it: one file a command, named by the
// content of dist/kpod.cjs, which is the first line of that, by the version of node, the processor and the command. V8
// refuses what other flags made, but takes what a disk has damaged, and dies of it: so all is there twice, and counts
// only where both are the same.
"use strict";
const fs = require("node:fs");
const { Script } = require("node:vm");

// A call may run what the first ones did not. To keep it all anew takes 5 ms.
const CALLS_THAT_ADD = 8;

// What upgrades leave behind goes when a build of kpod keeps something of a command for the first time: of each command
// two others stay, so that kpods beside each other do not take turns at removing, and none stays longer than this.
const OTHERS_KEPT = 2;
const LONGEST_KEPT = 90 * 24 * 60 * 60 * 1000;

const dist = `${__dirname}/../dist`;

// Gives what dist/kpod.cjs exports.
exports.load = function ({ cache, command, withLibraries = false }) {
  const loaded = {};
  const load = (name) =>
    name.startsWith("./") ? (loaded[name] ??= require(`${dist}/${name}`)) : require(name);
  if (withLibraries) for (const name of fs.readdirSync(`${dist}/libraries`)) load(`./libraries/${name}`);
  const source = fs.readFileSync(`${dist}/kpod.cjs`, "latin1");
  const module = { exports: {}, require: load, path: dist };
  const text = `(function(exports,require,module){${source}\n})`;
  const hash = source.slice("//".length, source.indexOf("\n"));
  const path = cache && `${cache}/${hash}-${process.version}-${process.arch}-${command}`;
  compile(text, path).runInThisContext()(module.exports, load, module);
  return module.exports;
};

function compile(text, path) {
  const filename = `${dist}/kpod.cjs`;
  if (path === undefined) return new Script(text, { filename });
  const kept = readKept(path);
  const script = new Script(text, { filename, cachedData: kept.code });
  const calls = kept.code === undefined || script.cachedDataRejected ? 0 : kept.calls;
  if (calls < CALLS_THAT_ADD) {
    process.once("exit", (exitCode) => {
      // Code that only a failure ran is of little use to the calls that do not fail.
      if (exitCode === 0) keep(path, script, calls + 1);
    });
  }
  return script;
}

// What is kept: the code twice, and a byte that counts the calls that it comes from.
function readKept(path) {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  let bytes;
  let fd;
  try {
    fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const stat = fs.fstatSync(fd);
    // What somebody else could have written is not run.
    if (!stat.isFile() || stat.uid !== process.geteuid() || (stat.mode & 0o022) !== 0) return {};
    bytes = fs.readFileSync(fd);
  } catch {
    return {};
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
  const length = bytes.length >> 1;
  const code = bytes.subarray(0, length);
  const isWhole = bytes.length % 2 === 1 && code.equals(bytes.subarray(length, 2 * length));
  return isWhole ? { code, calls: bytes[2 * length] } : {};
}

// Where it cannot be written, as on a full disk, the next call starts as slowly as this one.
function keep(path, script, calls) {
  const temporary = `${path}.${process.pid}`;
  try {
    if (calls === 1)
      removeOldBuilds(path.slice(0, path.lastIndexOf("/")), path.slice(path.lastIndexOf("/") + 1));
    const code = script.createCachedData();
    fs.writeFileSync(temporary, Buffer.concat([code, code, Buffer.from([calls])]), {
      flag: "wx",
      mode: 0o600,
    });
    fs.renameSync(temporary, path);
  } catch {
    try {
      fs.rmSync(temporary, { force: true });
    } catch {
      // Nor can it be removed: there is none.
    }
  }
}

// Removes what is kept of other builds of kpod, or was to be kept by a kpod that was killed.
function removeOldBuilds(cache, own) {
  const groupOf = (name) => /^[0-9a-f]{16}-v[^-]+-[^-]+(|-[a-z_]*)(?:\.\d+)?$/.exec(name)?.[1];
  removeOld(cache, (name) => (name === own ? undefined : groupOf(name)));
}

// Removes what is kept of a command by other versions of node, each of which has a directory of its own, and what those
// that cannot keep it by themselves have left.
exports.removeOldVersions = function (cache, command) {
  try {
    removeOldBuilds(cache);
    removeOld(`${cache}/${command}`, (name) =>
      name.startsWith(`${process.version}-`) ? undefined : command,
    );
  } catch {
    // It is not there yet, or another kpod removes it just now.
  }
};

// Of each group the newest stay; what belongs to none is not looked at.
function removeOld(directory, groupOf) {
  const entries = fs.readdirSync(directory).flatMap((name) => {
    const group = groupOf(name);
    const path = `${directory}/${name}`;
    const time = group === undefined ? undefined : fs.lstatSync(path, { throwIfNoEntry: false })?.mtimeMs;
    return time === undefined ? [] : [{ path, group, time }];
  });
  const seen = new Map();
  for (const { path, group, time } of entries.sort((a, b) => b.time - a.time)) {
    const newer = seen.get(group) ?? 0;
    seen.set(group, newer + 1);
    if (newer >= OTHERS_KEPT || Date.now() - time > LONGEST_KEPT)
      fs.rmSync(path, { recursive: true, force: true });
  }
}
