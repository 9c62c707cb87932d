import { readCgroupFile } from "../files";
import type { BlkioDevice, BlkioStats } from "../stats";

/** Block devices by version 2 (cgroup-v2.rst of the kernel): lines like `8:0 rbytes=4096 wbytes=0 rios=1 wios=0`. */
export function readIoV2(directory: string): BlkioStats | undefined {
  const text = readCgroupFile(directory, "io.stat");
  if (text === undefined) return undefined;
  return { devices: text.split("\n").flatMap((line) => deviceOf(line) ?? []) };
}

function deviceOf(line: string): BlkioDevice | undefined {
  // Some kernels write a device that counted nothing without a line feed, so that the next one follows it.
  const match = /(?:^| )(\d+):(\d+) ([^:]*=[^:]*)$/.exec(line);
  if (match === null) return undefined;
  const [, major = "", minor = "", rest = ""] = match;
  const values = new Map(rest.split(" ").map((word) => pair(word)));
  return {
    major: Number(major),
    minor: Number(minor),
    readBytes: values.get("rbytes") ?? 0,
    writeBytes: values.get("wbytes") ?? 0,
    reads: values.get("rios"),
    writes: values.get("wios"),
  };
}

function pair(word: string): [string, number] {
  const equals = word.indexOf("=");
  return [word.slice(0, equals), Number(word.slice(equals + 1))];
}
