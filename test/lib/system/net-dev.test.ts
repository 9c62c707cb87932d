import { spawn } from "node:child_process";
import { parseNetDev, readNetworkInterfaces } from "../../../src/lib/system/net-dev";
import { readCommandLine, readProcessStat } from "../../../src/lib/system/process";
import { until } from "../../helpers/until";

const headings = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
`;

test("the devices of a namespace with their counters", () => {
  const text = `${headings}    lo:    3193      29    0    0    0     0          0         0     3193      29    0    0    0     0       0          0
  eth0: 219193721    6439    1    2    0     0          0         0   721652    4391    3    4    0     0       0          0
`;
  const [lo, eth0] = parseNetDev(text);
  expect(lo).toMatchObject({ name: "lo", rxBytes: 3193, txBytes: 3193 });
  expect(eth0).toEqual({
    ...{ name: "eth0", rxBytes: 219193721, rxPackets: 6439, rxErrors: 1, rxDropped: 2 },
    ...{ txBytes: 721652, txPackets: 4391, txErrors: 3, txDropped: 4 },
  });
});

test("old kernels left no blank after the colon of a long counter", () => {
  const [device] = parseNetDev(`${headings}vethwepl0@if7:4294967296 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0\n`);
  expect(device).toMatchObject({ name: "vethwepl0@if7", rxBytes: 4294967296, txBytes: 5 });
});

test("a namespace without devices", () => {
  expect(parseNetDev(headings)).toEqual([]);
});

test("those of this process have a loopback device", () => {
  expect(readNetworkInterfaces(process.pid)?.map(({ name }) => name)).toContain("lo");
});

test("a process that is gone, and one that waits to be reaped, have none", async () => {
  // The child ends once sleep has taken the shell's place: a shell may ask for it, sleep never does.
  const script = "exec 3<&0; read line <&3 & echo $!; exec sleep 600 0<&- 3<&-";
  const parent = spawn("sh", ["-c", script], { stdio: ["pipe", "pipe", "ignore"] });
  const { pid = 0 } = parent;
  const ended = new Promise((resolve) => parent.on("close", resolve));
  try {
    const child = await new Promise<number>((resolve) => {
      parent.stdout.once("data", (chunk: Buffer) => {
        resolve(Number(chunk.toString()));
      });
    });
    await until("sleep is there", () => readCommandLine(pid)?.[0] === "sleep");
    parent.stdin.end();
    await until("the child waits to be reaped", () => readProcessStat(child)?.state === "Z");
    expect(readNetworkInterfaces(child)).toBeUndefined();
  } finally {
    parent.kill("SIGKILL");
    await ended;
  }
  expect(readNetworkInterfaces(pid)).toBeUndefined();
});
