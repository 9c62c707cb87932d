import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "../../src/lib/oci/container";
import type { StorageId } from "../../src/lib/names/ids";
import { isMountPoint } from "../../src/lib/system/mount";
import { listMounts } from "../../scripts/lib/machine.mjs";
import { KPOD, kpodCommand } from "../helpers/kpod";
import { createNode, pidOf, useNode, usePod, type Node } from "../helpers/node";
import { runProcess } from "../helpers/process";
import { startInPty } from "../helpers/pty";
import { testdir } from "../helpers/testdir";
import { until } from "../helpers/until";

jest.setTimeout(120_000);

/** A container that runs a script which notes that it is ready, then sleeps. */
async function started(
  node: Node,
  ...[pod, name, script, options]: Parameters<Node["start"]>
): Promise<Container> {
  const container = await node.start(pod, name, `${script}; : > /ready; sleep 1000`, options);
  await until("it is ready", () => existsSync(inside(container, "/ready")));
  return container;
}

/** A path of a running container, for the test itself. */
function inside(container: Container, path: string): string {
  return `/proc/${pidOf(container)}/root${path}`;
}

function counts(node: Node): Map<string, number> {
  const file = join(node.world.runRoot, "overlay-layers/mountpoints.json");
  const text = existsSync(file) ? readFileSync(file, "utf8") : "[]";
  return new Map((JSON.parse(text) as { id: string; count: number }[]).map(({ id, count }) => [id, count]));
}

describe.each(["runc", "crun"] as const)("with %s", (runtime) => {
  let node: Node;
  let web: Container;
  let ended: Container;
  const work = testdir();
  const volume = testdir({ "from-node": "of the node" });

  beforeAll(async () => {
    node = await createNode({ runtime });
    const pod = await node.pod("shop");
    await node.create(pod, "fresh", "true");
    const volumes = [{ hostPath: volume, containerPath: "/data", readonly: false }];
    web = await started(node, pod, "web", "mkdir -p /srv/d/sub; echo one > /srv/d/a; ln -s /srv/d /link", {
      volumes,
    });
    ended = await node.start(pod, "ended", "echo two > /two", { volumes });
    await until("it has ended", async () => (await node.ok("ps", "-q", "-f", "name=ended")) === "");
    await node.ok("umount", "--force", "ended");
  }, 120_000);

  afterAll(() => node.world.destroy());

  test("a file in and out: of a container that runs, that is paused, that has ended", async () => {
    writeFileSync(join(work, "note"), "hello");
    await node.ok("cp", join(work, "note"), "shop/web:/tmp/");
    expect(readFileSync(inside(web, "/tmp/note"), "utf8")).toBe("hello");
    await node.ok("pause", "web");
    await node.ok("cp", "web:/tmp/note", join(work, "back"));
    await node.ok("unpause", "web");
    expect(readFileSync(join(work, "back"), "utf8")).toBe("hello");
    await node.ok("cp", join(work, "note"), "fresh:/tmp/note");
    await node.ok("cp", "fresh:/tmp/note", join(work, "fresh"));
    expect(readFileSync(join(work, "fresh"), "utf8")).toBe("hello");
    await node.ok("cp", "shop:/pause", join(work, "of-the-pod"));
    await node.ok("cp", "ended:/two", work);
    expect(readFileSync(join(work, "two"), "utf8")).toBe("two\n");
    await node.ok("cp", join(work, "note"), "ended:/tmp/new");
    expect(await node.ok("diff", "ended")).toContain("A /tmp/new\n");
    expect(counts(node).has(ended.layerId)).toBe(false);
    const { server } = await node.openServer();
    expect(isMountPoint(server.store.driver.mountPath(ended.layerId as StorageId))).toBe(false);
    expect(existsSync(join(node.world.runRoot, "kpod"))).toBe(false);
  });

  test("paths are completed: of a container that runs with what is mounted in it, of others as they lie in their layers", async () => {
    writeFileSync(inside(web, "/srv/line\nbreak"), "");
    symlinkSync("/../../../../../data", inside(web, "/srv/volume"));
    expect(await completed(node, "web")).toEqual(["web:"]);
    expect(await completed(node, "web:/data/")).toEqual(["web:/data/from-node"]);
    expect(await completed(node, "web:/srv/")).toEqual(["web:/srv/d/", "web:/srv/volume/"]);
    expect(await completed(node, "web:/srv/volume/fr")).toEqual(["web:/srv/volume/from-node"]);
    expect(await completed(node, "web:/link/s")).toEqual(["web:/link/sub/"]);
    expect(await completed(node, "shop/ended:/tw")).toEqual(["shop/ended:/two"]);
    expect(await completed(node, `${ended.id.slice(0, 13)}:bin/bus`)).toEqual([
      `${ended.id.slice(0, 13)}:bin/busybox`,
    ]);
    expect(counts(node).has(ended.layerId)).toBe(false);
  });
});

/** What a shell is told of a word behind `kpod cp`. */
async function completed(node: Node, word: string): Promise<string[]> {
  const lines = (await node.ok("__complete", "cp", word)).trimEnd().split("\n");
  return lines.map((line) => line.split("\t")[0] ?? "");
}

describe("on one node", () => {
  const node = useNode();
  const pod = usePod(node, "shop");

  afterAll(() => node.world.destroy());

  test("what goes where is as with docker cp", async () => {
    const web = await started(
      node,
      pod,
      "rules",
      "mkdir -p /srv/there; echo old > /srv/file; ln -s there /srv/link",
    );
    const work = testdir({ "d/sub/x": "x", file: "new", "d/link": { symlink: "/etc/passwd" } });
    const [d, file] = [join(work, "d"), join(work, "file")];
    symlinkSync("file", join(work, "soft"));
    const list = (): string[] =>
      execFileSync("find", [inside(web, "/srv"), "-mindepth", "1", "-printf", "%P%y\n"], { encoding: "utf8" })
        .trim()
        .split("\n")
        .sort();
    await node.ok("cp", file, "rules:/srv/file");
    expect(readFileSync(inside(web, "/srv/file"), "utf8")).toBe("new");
    await node.ok("cp", file, "rules:srv/link");
    await node.ok("cp", `${d}/.`, "rules:/srv/contents");
    await node.ok("cp", d, "rules:/srv/made");
    await node.ok("cp", d, "rules:/srv/made");
    await node.ok("cp", join(work, "soft"), "rules:/srv/soft");
    await node.ok("cp", "-L", join(work, "soft"), "rules:/srv/hard");
    expect(list()).toEqual(
      [
        ...["filef", "thered", "linkl", "there/filef", "contentsd", "contents/subd", "contents/sub/xf"],
        ...["contents/linkl", "maded", "made/subd", "made/sub/xf", "made/linkl", "softl", "hardf"],
        ...["made/dd", "made/d/subd", "made/d/sub/xf", "made/d/linkl"],
      ].sort(),
    );
    // Out: a link is a link, but for one that a slash follows.
    await node.ok("cp", "rules:/srv/link", join(work, "out"));
    expect(readlinkSync(join(work, "out"))).toBe("there");
    await node.ok("cp", "rules:/srv/link/", join(work, "outside"));
    expect(readdirSync(join(work, "outside"))).toEqual(["file"]);
    const before = list();
    for (const [words, message] of [
      [[d, "rules:/srv/file"], "cannot copy a directory onto rules:/srv/file, which is a file"],
      [[file, "rules:/srv/none/"], "rules:/srv/none: no such file or directory"],
      [[file, "rules:/srv/none/x"], "rules:/srv/none: no such file or directory"],
      [[file, "rules:/srv/file/"], "rules:/srv/file is not a directory"],
      [["rules:/srv/file/", work], "rules:/srv/file is not a directory"],
      [["rules:/srv/none", work], "rules:/srv/none: no such file or directory"],
      [[join(work, "a\x1b[31m"), "rules:/srv"], `${work}/a\\x1b[31m: no such file or directory`],
      [["rules:/srv/made", "rules:/srv/made/sub"], "into itself"],
      [["nosuch:/x", work], "no container nosuch"],
      [[file, "rules:/proc/sys/kernel/core_pattern"], "made by the kernel"],
      [["rules:/dev/null", work], "rules:/dev/null is a device: --archive copies devices"],
    ] as const)
      expect(await node.refusal("cp", ...words)).toContain(message);
    for (const words of [
      [file, work],
      ["rules:", work],
      [":/x", work],
      ["-", "-"],
      ["-", file],
      ["", "rules:/"],
      [file],
    ])
      expect((await node.kpod("cp", ...words)).exitCode).toBe(2);
    expect(list()).toEqual(before);
    for (const words of [
      ["rules:/etc", "-"],
      ["-", "rules:/etc"],
    ]) {
      const shown = await startInPty(KPOD, ["--config", node.world.config, "cp", ...words]);
      expect(await shown.ended).toBe(2);
      expect(shown.output()).toContain("terminal");
    }
    // From one container into another, and within one.
    await node.ok("cp", "rules:/srv/made/sub", "rules:/srv/again");
    expect(readFileSync(inside(web, "/srv/again/x"), "utf8")).toBe("x");
    await node.ok("rm", "-f", "rules");
  });

  test("owners and rights; archives both ways", async () => {
    const web = await started(
      node,
      pod,
      "owners",
      "mkdir /srv; echo x > /srv/x; chown 5:6 /srv/x; chmod 4755 /srv/x",
    );
    const work = testdir({ alice: { content: "", mode: 0o4755 }, root: { content: "", mode: 0o4755 } });
    execFileSync("sh", ["-ec", "chown 1000:1001 alice; chmod 4755 alice"], { cwd: work });
    const stat = (path: string): string =>
      execFileSync("stat", ["-c", "%a %u %g", path], { encoding: "utf8" }).trim();
    await node.ok("cp", `${work}/.`, "owners:/plain");
    await node.ok("cp", "-a", `${work}/.`, "owners:/kept");
    expect(["plain/alice", "plain/root", "kept/alice"].map((name) => stat(inside(web, `/${name}`)))).toEqual([
      "755 0 0",
      "4755 0 0",
      "4755 1000 1001",
    ]);
    await node.ok("cp", "owners:/srv/x", join(work, "x"));
    await node.ok("cp", "--archive", "owners:/srv/x", join(work, "y"));
    expect([stat(join(work, "x")), stat(join(work, "y"))]).toEqual(["755 0 0", "4755 5 6"]);
    const archive = join(work, "srv.tar");
    const kpod = kpodLine(node);
    execFileSync("sh", ["-ec", `${kpod} cp owners:/srv - > ${archive}`]);
    expect(execFileSync("tar", ["-tvf", archive, "--numeric-owner"], { encoding: "utf8" })).toMatch(
      /^drwxr-xr-x 0\/0 .* srv\/\n-rwsr-xr-x 5\/6 .* srv\/x\n$/,
    );
    execFileSync("sh", ["-ec", `mkdir ${work}/in; ${kpod} cp owners:/srv/. - | tar -xp -C ${work}/in`]);
    expect(readdirSync(join(work, "in"))).toEqual(["x"]);
    execFileSync("sh", [
      "-ec",
      `${kpod} cp - owners:/plain < ${archive}; cat ${archive} | ${kpod} cp -a - owners:/kept`,
    ]);
    expect([stat(inside(web, "/plain/srv/x")), stat(inside(web, "/kept/srv/x"))]).toEqual([
      "755 0 0",
      "4755 5 6",
    ]);
    for (const [script, message] of [
      [`head -c 700 ${archive} | ${kpod} cp - owners:/plain`, "cut off"],
      [`: | ${kpod} cp - owners:/plain`, "no tar archive: it is empty"],
      [`${kpod} cp - owners:/none < ${archive}`, "owners:/none: no such directory"],
      [`${kpod} cp - owners:/srv/x < ${archive}`, "owners:/srv/x is not a directory"],
    ] as const) {
      const { exitCode, stderr } = await runProcess("sh", ["-c", script]);
      expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^Error: [^\n]*\n$/)]);
      expect(stderr).toContain(message);
    }
    await node.ok("rm", "-f", "owners");
  });

  test("volumes and other mounts: of one that runs, and of one that has ended; what can only be read", async () => {
    const [data, fixed] = [testdir({ "d/x": "x" }), testdir({ y: "y" })];
    const volumes = [
      { hostPath: data, containerPath: "/data", readonly: false },
      { hostPath: fixed, containerPath: "/fixed", readonly: true },
    ];
    const work = testdir({ note: "note" });
    const note = join(work, "note");
    for (const name of ["runs", "ended"]) {
      const container = await node.start(pod, name, name === "runs" ? "sleep 1000" : "true", { volumes });
      if (name === "ended") {
        await until("it has ended", async () => (await node.ok("ps", "-q", "-f", "name=ended")) === "");
        await node.ok("umount", "-f", name);
      }
      await node.ok("cp", `${name}:/data/d`, join(work, name));
      expect(readFileSync(join(work, name, "x"), "utf8")).toBe("x");
      await node.ok("cp", note, `${name}:/data/${name}`);
      expect(readFileSync(join(data, name), "utf8")).toBe("note");
      expect(await node.refusal("cp", note, `${name}:/fixed/`)).toContain("read-only file system");
      expect(await node.refusal("cp", note, `${name}:/fixed/y`)).toContain("read-only file system");
      // A file that something is mounted on stays that.
      const hosts =
        container.spec.mounts?.find(({ destination }) => destination === "/etc/hosts")?.source ?? "";
      await node.ok("cp", note, `${name}:/etc/hosts`);
      expect(readFileSync(hosts, "utf8")).toBe("note");
      if (name === "runs") expect(readFileSync(inside(container, "/etc/hosts"), "utf8")).toBe("note");
      expect([readdirSync(fixed), counts(node).get(container.layerId)]).toEqual([
        ["y"],
        name === "runs" ? 1 : undefined,
      ]);
      await node.ok("rm", "-f", name);
    }
    expect(listMounts().filter(({ mountPoint }) => mountPoint.includes(data))).toEqual([]);
  });

  test("a container that moves links and directories about leads kpod nowhere", async () => {
    const outside = testdir({ secret: "of the node", "d/secret": "of the node" });
    const script = `mkdir -p /s/d /aside; echo own > /s/d/secret; ln -s ${outside} /aside/link; : > /ready
      while :; do mv /s/d /aside/d; mv /aside/link /s/d; mv /s/d /aside/link; ln -s ../../../../../..${outside} /s/d; rm /s/d; mv /aside/d /s/d; done`;
    const web = await node.start(pod, "hostile", script);
    await until("it is ready", () => existsSync(inside(web, "/ready")));
    const work = testdir({ new: "new" });
    for (let round = 0; round < 12; round++) {
      const out = join(work, `out${round}`);
      const words =
        round % 3 === 0
          ? [join(work, "new"), "hostile:/s/d/"]
          : [round % 3 === 1 ? "hostile:/s" : "hostile:/s/d/.", out];
      const { exitCode, stderr } = await node.kpod("cp", ...words);
      expect([0, 1]).toContain(exitCode);
      if (exitCode === 1) expect(stderr).toMatch(/^Error: [^\n]*\n$/);
      // Links that it copied are links, which grep does not follow.
      expect((await runProcess("grep", ["-rq", "of the node", work])).exitCode).toBe(1);
    }
    expect([readdirSync(outside).sort(), readdirSync(join(outside, "d"))]).toEqual([
      ["d", "secret"],
      ["secret"],
    ]);
    await node.ok("rm", "-f", "hostile");
  });

  test("Ctrl-C, SIGTERM and kill -9 leave no mount counted, and nothing half made but after the last", async () => {
    const made = await node.start(pod, "made", "true");
    await until("it has ended", async () => (await node.ok("ps", "-q", "-f", "name=made")) === "");
    await node.ok("umount", "-f", "made");
    const { server } = await node.openServer();
    const path = server.store.driver.mountPath(made.layerId as StorageId);
    for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
      // Its input does not end: it waits for more.
      const child = node.world.startKpod(["cp", "-", "made:/"]);
      const ended = new Promise((resolve) =>
        child.on("close", (code) => {
          resolve(code);
        }),
      );
      await until(
        "it has mounted",
        () => existsSync(join(node.world.runRoot, "kpod")) || child.exitCode !== null,
      );
      expect([isMountPoint(path), counts(node).get(made.layerId)]).toEqual([true, 1]);
      child.kill(signal);
      expect(await ended).toBe({ SIGINT: 130, SIGTERM: 143, SIGKILL: null }[signal]);
      if (signal === "SIGKILL") {
        expect(counts(node).get(made.layerId)).toBe(1);
        expect(await node.refusal("kill", "made")).toContain("not running");
      }
      expect([isMountPoint(path), counts(node).get(made.layerId)]).toEqual([false, undefined]);
      expect(existsSync(join(node.world.runRoot, "kpod"))).toBe(false);
    }
    // Mounted by somebody before, it stays so.
    await node.ok("mount", "made");
    await node.ok("cp", "made:/etc/passwd", testdir());
    expect(counts(node).get(made.layerId)).toBe(1);
    await node.ok("umount", "made");
    await node.ok("rm", "made");
    await node.agree();
  });
});

/** How a shell calls kpod on the node. */
function kpodLine({ world }: Node): string {
  return [...kpodCommand, "--config", world.config].join(" ");
}
