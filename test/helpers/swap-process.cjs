// Puts symbolic links in the place of directories and takes them back, again and again, as a hostile program would:
// `swap-process.cjs DIRECTORY OUTSIDE`. Each directory in DIRECTORY is in turn a link to OUTSIDE. It says `ready` and
// ends when its input does, or when the last directory has gone.
const { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } = require("node:fs");
const { join } = require("node:path");
const { setImmediate } = require("node:timers");

const [directory, outside] = process.argv.slice(2);
const aside = `${directory}.aside`;
mkdirSync(aside);
symlinkSync(outside, join(aside, "link"));
const names = readdirSync(directory);

/** @returns whether there was anything to swap */
function swap(name) {
  const [place, real, link] = [join(directory, name), join(aside, "real"), join(aside, "link")];
  try {
    renameSync(place, real);
  } catch {
    return false;
  }
  try {
    renameSync(link, place);
    renameSync(place, link);
  } catch {
    // Whoever removes the directory has removed the link: a new one.
    rmSync(link, { force: true });
    symlinkSync(outside, link);
  }
  try {
    renameSync(real, place);
  } catch {
    // The directory around it has gone.
    rmSync(real, { recursive: true, force: true });
  }
  return true;
}

function round() {
  let some = false;
  for (const name of names) some = swap(name) || some;
  if (some) setImmediate(round);
  else process.exit();
}

process.stdin.on("end", () => process.exit()).resume();
process.stdout.write("ready\n", round);
