// Logs as CRI-O writes them.
import { closeSync, existsSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";

const LOG_PATH = "io.kubernetes.cri-o.LogPath";

function textOf(lines) {
  const words = "the quick brown fox jumps over the lazy dog and runs on";
  return Array.from({ length: lines }, (_, line) => {
    const time = new Date(1_767_225_600_000 + line * 10).toISOString().replace("Z", `${100_000 + line}Z`);
    return `${time} ${line % 5 === 4 ? "stderr" : "stdout"} F ${line} ${words}\n`;
  }).join("");
}

/** Writes a log of about this size for a container that says nothing, unless it is there; gives back its path. */
export function writeLog({ root }, id, bytes) {
  const spec = JSON.parse(readFileSync(join(root, "overlay-containers", id, "userdata/config.json"), "utf8"));
  const path = spec.annotations[LOG_PATH];
  if (existsSync(path) && statSync(path).size >= bytes) return path;
  const block = Buffer.from(textOf(10_000));
  const file = openSync(path, "w");
  for (let written = 0; written < bytes; written += block.length) writeSync(file, block);
  closeSync(file);
  return path;
}
