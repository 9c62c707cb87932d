// Loads the command line where node cannot keep what V8 has compiled, and keeps it: one file a command, named by the
// content of dist/kpod.cjs, which is the first line of that, by the version of node, the processor and the command. V8
// refuses what other flags made, but takes what a disk has damaged, and dies of it: so all is there twice, and counts
// only where both are the same.
"use strict";
const fs = require("node:fs");
const { Script } = require("node:vm");

// A call may run what the first ones did not. To keep it all anew takes 5 ms.
const CALLS_THAT_ADD = 8;

// Milliseconds after which what was kept is taken for that of a kpod that is no longer there.
const LONGEST_KEPT = 90 * 24 * 60 * 60 * 1000;

const dist = `${__dirname}/../dist`;

// Gives what dist/kpod.cjs exports.
exports.load = function ({ cache, command, withLibraries = false }) {
  const loaded = {};
  const load = (name) =>
    name.startsWith("./") ? (loaded[name] ??= require(`${dist}/${name}`)) : require(name);
  if (withLibraries) for (const name of fs.readdirSync(`${dist}/libraries`)) load(`./libraries/${name}`);
  const source = fs.readFileSync(`${dist}/kpod.cjs`, "latin1");
  const module = { exports: {}, require: load };
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
    if (calls === 1) forgetOld(path.slice(0, path.lastIndexOf("/")));
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

function forgetOld(cache) {
  for (const name of fs.readdirSync(cache)) {
    const path = `${cache}/${name}`;
    if (Date.now() - fs.lstatSync(path).mtimeMs > LONGEST_KEPT)
      fs.rmSync(path, { recursive: true, force: true });
  }
}
