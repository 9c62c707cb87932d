import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, statSync, symlinkSync, utimesSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { findProgram } from "../../../scripts/lib/layout.mjs";
import { crioAnswers, crioStartedSince } from "../../../src/lib/crio/daemon";
import { readTextIfThere } from "../../../src/lib/system/files";
import { testdir } from "../../helpers/testdir";
import { until } from "../../helpers/until";

const open = new Set<Server>();
const callers = new Set<Socket>();

afterEach(leave);

async function leave(): Promise<void> {
  for (const socket of callers) socket.destroy();
  for (const server of open) await new Promise((resolve) => server.close(resolve));
  callers.clear();
  open.clear();
}

/** A node with a directory for its store, and somebody at the socket who says this to each who calls. */
async function node(says: (root: string) => string | undefined): Promise<{ root: string; listen: string }> {
  const directory = testdir({ "root/": null, "other/": null });
  const config = { root: join(directory, "root"), listen: join(directory, "crio.sock") };
  const server = createServer((socket) => {
    callers.add(socket);
    socket.on("error", () => {});
    const words = says(config.root);
    if (words !== undefined) socket.once("data", () => socket.end(words));
  });
  open.add(server);
  await new Promise<void>((resolve) => server.listen(config.listen, resolve));
  return config;
}

const ok = (body: string): string =>
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
const info = (root: string): string => ok(JSON.stringify({ storage_driver: "overlay", storage_root: root }));

test("a CRI-O on this store answers, also by another path to it", async () => {
  const config = await node(info);
  expect(await crioAnswers(config)).toBe(true);
  const link = join(testdir(), "link");
  symlinkSync(config.root, link);
  expect(await crioAnswers({ ...config, root: link })).toBe(true);
});

test("a CRI-O on another store is not meant", async () => {
  const config = await node((root) => info(join(root, "../other")));
  expect(await crioAnswers(config)).toBe(false);
});

test.each<[string, string | undefined]>([
  ["nothing in time", undefined],
  ["that there is no such page", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"],
  ["what is no JSON", ok("who?")],
  ["nothing of its store", ok("{}")],
  ["what is not HTTP", "NO\n"],
  ["more than it can have to say", `HTTP/1.1 200 OK\r\n\r\n${"x".repeat(2 << 20)}`],
  ["half a sentence", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"],
])("one that says %s runs all the same", async (_, says) => {
  const config = await node(() => says);
  // Only for what never comes is it worth waiting no longer.
  expect(await crioAnswers(config, says === undefined ? 1_000 : 20_000)).toBe(true);
});

test("where nobody listens, none runs", async () => {
  const directory = testdir({ file: "", "place/": null });
  for (const listen of [
    "",
    "crio.sock",
    ...["none", "file", "place", "file/below"].map((name) => join(directory, name)),
  ]) {
    expect([listen, await crioAnswers({ root: directory, listen })]).toEqual([listen, false]);
  }
});

test("a socket that a dead CRI-O has left is nobody's", async () => {
  const { root, listen } = await node(info);
  await leave();
  // As a socket is that is left by somebody who was killed.
  const listening =
    "require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))";
  expect(spawnSync(process.execPath, ["-e", listening, listen]).signal).toBe("SIGKILL");
  expect(statSync(listen).isSocket()).toBe(true);
  expect(await crioAnswers({ root, listen })).toBe(false);
});

test("a CRI-O that was started since is told by its version file", () => {
  const versionFile = join(testdir({ version: '"1.36.3"' }), "version");
  const written = Date.now() + 3_600_000;
  utimesSync(versionFile, written / 1000, written / 1000);
  expect(crioStartedSince({ versionFile }, written)).toBe(true);
  expect(crioStartedSince({ versionFile }, written - 1_000)).toBe(true);
  expect(crioStartedSince({ versionFile }, written + 1_000)).toBe(false);
  expect(crioStartedSince({ versionFile: "" }, written)).toBe(false);
  expect(crioStartedSince({ versionFile: `${versionFile}-none` }, written)).toBe(false);
});

test("a CRI-O that was started since is told by its process", async () => {
  // Not by its own name: other tests look for that at the same time.
  const command = "kpod-test-crio";
  const program = join(testdir(), command);
  copyFileSync(findProgram("sleep") ?? "sleep", program);
  const since = Date.now();
  const child = spawn(program, ["1000"]);
  try {
    await until("it runs", () => readTextIfThere(`/proc/${child.pid ?? 0}/comm`) === `${command}\n`);
    expect(crioStartedSince({ versionFile: "" }, since, command)).toBe(true);
    expect(crioStartedSince({ versionFile: "" }, since + 3_600_000, command)).toBe(false);
  } finally {
    child.kill("SIGKILL");
  }
});
