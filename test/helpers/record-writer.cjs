// Adds records to a store one by one, as CRI-O does, while a test reads it: `record-writer.cjs FILE LOCK COUNT`.
// Prints a line when it begins. Each time it takes the lock, writes a new last-writer id and replaces the file.
const { closeSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } = require("node:fs");
const { randomBytes } = require("node:crypto");
const koffi = require("koffi");

const fcntl = koffi.load(null).func("int fcntl(int fd, int cmd, void *arg)");
const F_SETLKW = 7;
const writeLock = Buffer.alloc(32);
writeLock.writeInt16LE(1, 0);

const [file, lock, count] = process.argv.slice(2);
const records = JSON.parse(readFileSync(file, "utf8"));
const [model] = records;
process.stdout.write("began\n");
for (let number = 0; number < Number(count); number++) {
  const id = number.toString(16).padStart(64, "0");
  const metadata = model.metadata.replaceAll("ctr0", `new${number}`);
  records.push({ ...model, id, names: [JSON.parse(metadata).name], metadata });
  const fd = openSync(lock, "r+");
  if (fcntl(fd, F_SETLKW, writeLock) !== 0) throw new Error("cannot take the lock");
  writeSync(fd, randomBytes(64), 0, 64, 0);
  writeFileSync(`${file}.tmp`, JSON.stringify(records), { mode: 0o600 });
  renameSync(`${file}.tmp`, file);
  // That unlocks it; a moment later comes the next.
  closeSync(fd);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
}
