import { createServer } from "node:http";
import { join } from "node:path";
import { removeInfraProcess } from "../helpers/modern-world";
import { KPOD } from "../helpers/kpod";
import { useNode, usePod } from "../helpers/node";
import type { ProcessResult } from "../helpers/process";
import { startInPty } from "../helpers/pty";

// What kpod says, after a change, of a CRI-O that runs and did not see it.

const node = useNode();
const pod = usePod(node, "shop");

/** Runs a command beside a CRI-O. @returns with how many connections that had */
async function besideCrio<T>(
  work: () => Promise<T>,
  answers: "at once" | "never" | "for another store" = "at once",
): Promise<{ result: T; connections: number }> {
  let connections = 0;
  const crio = createServer((_, response) => {
    const root = answers === "at once" ? node.world.root : node.world.scratch;
    if (answers !== "never") response.end(JSON.stringify({ storage_root: root }));
  });
  crio.on("connection", () => connections++);
  await new Promise<void>((resolve) => crio.listen(node.world.socket, resolve));
  try {
    return { result: await work(), connections };
  } finally {
    crio.closeAllConnections();
    await new Promise((resolve) => crio.close(resolve));
  }
}

/** Runs kpod in a terminal, where it must succeed. @returns the lines that it said there of CRI-O */
async function notesOf(...args: string[]): Promise<string[]> {
  const seen = await startInPty(KPOD, ["--config", node.world.config, ...args]);
  const exitCode = await seen.ended;
  expect([args, exitCode, seen.output()]).toEqual([args, 0, expect.not.stringContaining("Warning")]);
  return seen
    .output()
    .split("\r\n")
    .filter((line) => line.startsWith("Note: "));
}

const start = (name: string, inPod = pod): Promise<unknown> =>
  node.start(inPod, name, "exec sleep 1000", { name });

const notes = {
  removed: "Note: what was removed CRI-O goes on to list until it is removed there, too, by crictl rm",
  podRemoved: "Note: what was removed CRI-O goes on to list until it is removed there, too, by crictl rmp",
  paused: "Note: CRI-O shows what is paused as running, and waits its whole timeout when it is to stop it",
  renamed: "Note: CRI-O goes on with the old name until its restart",
  spoofed:
    "Note: CRI-O does not see the stop of a pod without an infra process, and shows it as ready until crictl stopp",
};

test("on a terminal a line after each change that CRI-O does not see by itself", async () => {
  await start("one");
  await start("two");
  await node.pod("second");
  const { connections } = await besideCrio(async () => {
    expect(await notesOf("rename", "one", "uno")).toEqual([notes.renamed]);
    expect(await notesOf("pause", "uno", "two")).toEqual([notes.paused]);
    expect(await notesOf("unpause", "uno", "two")).toEqual([]);
    expect(await notesOf("pod", "pause", "shop")).toEqual([notes.paused]);
    expect(await notesOf("pod", "unpause", "shop")).toEqual([]);
    expect(await notesOf("stop", "-t", "0", "uno")).toEqual([]);
    expect(await notesOf("kill", "two")).toEqual([]);
    expect(await notesOf("rm", "uno", "two")).toEqual([notes.removed]);
    expect(await notesOf("pod", "stop", "second")).toEqual([]);
    expect(await notesOf("pod", "rm", "second")).toEqual([notes.podRemoved]);
    expect(await notesOf("ps", "-a")).toEqual([]);
  });
  // One for each of the lines, and that by which the stop of a pod learns whose its namespaces are.
  expect(connections).toBe(6);
});

test("of the stop of a pod without an infra process, which leaves no exit file", async () => {
  const { id } = await node.pod("spoofed");
  await removeInfraProcess(node.world, id);
  await besideCrio(async () => {
    expect(await notesOf("pod", "stop", "spoofed")).toEqual([notes.spoofed]);
  });
  await node.ok("pod", "rm", "spoofed");
});

test("without a terminal there is none, and nobody asks CRI-O", async () => {
  await start("quiet");
  await node.pod("silent");
  const { connections } = await besideCrio(async () => {
    await node.ok("rename", "quiet", "still");
    await node.ok("pause", "still");
    await node.ok("unpause", "still");
    await node.ok("rm", "-f", "still");
    await node.ok("pod", "rm", "-f", "silent");
  });
  expect(connections).toBe(0);
});

test("with standard error in a file, neither", async () => {
  await start("split");
  const file = join(node.world.scratch, "stderr");
  const { result, connections } = await besideCrio(async () => {
    const script = 'exec "$0" --config "$1" rm -f split 2>"$2"';
    const seen = await startInPty("sh", ["-c", script, KPOD, node.world.config, file]);
    return [await seen.ended, seen.output()];
  });
  expect(result).toEqual([0, expect.not.stringContaining("Note")]);
  expect(connections).toBe(0);
});

test("only of one that works on this store, or says nothing in time", async () => {
  await start("first");
  await start("other");
  const { connections } = await besideCrio(async () => {
    expect(await notesOf("rename", "first", "third")).toEqual([]);
  }, "for another store");
  expect(connections).toBe(1);
  await besideCrio(async () => {
    expect(await notesOf("rename", "other", "fourth")).toEqual([notes.renamed]);
  }, "never");
  expect(await notesOf("rename", "third", "fifth")).toEqual([]);
});

test("nor where nothing was changed, or little is to be said", async () => {
  await start("kept");
  const refused = async (): Promise<ProcessResult["exitCode"]> => {
    const seen = await startInPty(KPOD, ["--config", node.world.config, "rm", "kept"]);
    const exitCode = await seen.ended;
    expect(seen.output()).not.toContain("Note");
    return exitCode;
  };
  const { result, connections } = await besideCrio(refused);
  expect([result, connections]).toEqual([1, 0]);
  const quiet = await besideCrio(() => notesOf("--log-level", "fatal", "rm", "-f", "kept"));
  expect(quiet).toEqual({ result: [], connections: 0 });
});
