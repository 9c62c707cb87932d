// Takes record locks for a test in a process of its own. It obeys lines on stdin, `lock posix|ofd read|write` and
// `unlock posix|ofd`, and answers each with `done` or `busy`; it never waits for a lock. Ends with its stdin.
const { openSync } = require("node:fs");
const { createInterface } = require("node:readline");
const koffi = require("koffi");

const fcntl = koffi.load(null).func("int fcntl(int fd, int cmd, void *arg)");
const commands = { posix: 6, ofd: 37 };
const types = { read: 0, write: 1, none: 2 };

// Opened once: closing any descriptor of the file would drop the POSIX lock.
const fd = openSync(process.argv[2], "r+");

function setLock(style, type) {
  const flock = Buffer.alloc(32);
  flock.writeInt16LE(types[type], 0);
  return fcntl(fd, commands[style], flock) === 0 ? "done" : "busy";
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const [command, style, kind] = line.split(" ");
  process.stdout.write(`${setLock(style, command === "lock" ? kind : "none")}\n`);
});
