import { createServer, type Server } from "node:http";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "../../src/lib/oci/container";
import type { Report } from "../../src/lib/operations/report";
import { useNode, usePod } from "../helpers/node";
import { runProcess, succeeded } from "../helpers/process";

const node = useNode();
const pod = usePod(node, "shop");
let web: Container;

/** Makes a report and unpacks it. @returns the directory in it, and its manifest */
async function report(...args: string[]): Promise<{ directory: string; manifest: Report; all: string }> {
  const { scratch } = node.world;
  const archive = join(scratch, "report.tar.gz");
  expect(await node.ok("report", "-o", archive, ...args)).toBe(`${archive}\n`);
  expect(statSync(archive).mode & 0o777).toBe(0o600);
  const place = join(scratch, "unpacked");
  mkdirSync(place);
  succeeded(await runProcess("tar", ["-C", place, "--strip-components=1", "-xzf", archive]), "tar");
  const manifest = JSON.parse(readFileSync(join(place, "manifest.json"), "utf8")) as Report;
  const all = manifest.files.map(({ file }) => readFileSync(join(place, file), "utf8")).join("\n");
  rmSync(archive);
  return { directory: place, manifest, all };
}

afterEach(() => {
  rmSync(join(node.world.scratch, "unpacked"), { recursive: true, force: true });
});

beforeAll(async () => {
  const script = "exec sleep 1000 # --password=hunter33";
  web = await node.start(pod, "web", script, { env: ["DB_PASSWORD=hunter22", "PLAIN=visible44"] });
});

test("has records, states, mounts and cgroups without secrets, and says what it lacks", async () => {
  const { root, exitsDir } = node.world;
  // What leads elsewhere is not followed, and a torn spec keeps its secrets, too.
  const stray = join(root, "overlay-containers", "f".repeat(64), "userdata");
  mkdirSync(stray, { recursive: true });
  symlinkSync("/etc/passwd", join(stray, "state.json"));
  writeFileSync(join(stray, "config.json"), '{"process":{"env":["TORN=torn5555","ALSO=cut66');
  mkdirSync(exitsDir, { recursive: true });
  writeFileSync(join(exitsDir, "odd\nname"), "");
  try {
    const { directory, manifest, all } = await report();
    const sources = manifest.files.map(({ source }) => source);
    expect(sources).toEqual(
      expect.arrayContaining([
        join(root, "overlay-containers/containers.json"),
        join(root, "overlay-layers/layers.json"),
        join(root, "overlay-images/images.json"),
        join(web.dir, "config.json"),
        join(web.dir, "state.json"),
        join(web.bundlePath, "pidfile"),
        join(node.world.runtimeRoots.runc, web.id, "state.json"),
        node.world.config,
        "/proc/self/mountinfo",
      ]),
    );
    const secrets = ["hunter22", "hunter33", "visible44", "torn5555", "cut66", "root:x:0:0"];
    expect(secrets.filter((secret) => all.includes(secret))).toEqual([]);
    const spec = JSON.parse(readFileSync(join(directory, "files", web.dir, "config.json"), "utf8")) as {
      process: { env: string[]; args: string[] };
    };
    expect(spec.process.env).toEqual(expect.arrayContaining(["DB_PASSWORD=HIDDEN", "PLAIN=HIDDEN"]));
    expect(spec.process.args.at(-1)).toBe("exec sleep 1000 # --password=HIDDEN");
    const linesOf = (file: string): string[] =>
      readFileSync(join(directory, file), "utf8")
        .split("\n")
        .filter((line) => line.includes(web.id));
    const doctor = JSON.parse(readFileSync(join(directory, "doctor.json"), "utf8")) as { checks: string[] };
    expect(doctor.checks).toContain("storage.link-lost");
    expect(linesOf("cgroups.txt").length).toBeGreaterThan(0);
    expect(linesOf("processes.txt").map((line) => line.split(" ")[5])).toContain('"conmon"');
    expect(readFileSync(join(directory, `files${exitsDir}.list`), "utf8")).toContain('"odd\\nname"');
    expect(manifest.missing).toEqual(
      expect.arrayContaining([
        { source: expect.stringMatching(/^GET \/info of /) as string, why: "CRI-O does not run" },
        {
          source: join(stray, "state.json"),
          why: `${join(stray, "state.json")} leads out of ${stray}, to /etc/passwd`,
        },
      ]),
    );
  } finally {
    rmSync(join(stray, ".."), { recursive: true });
    rmSync(join(exitsDir, "odd\nname"));
  }
});

test("what CRI-O says of itself is in it; what has no room is left out and told", async () => {
  const { directory: place } = node.world;
  const socket = join(place, "crio.sock");
  const answers: Record<string, string> = {
    "/info": '{"storage_driver":"overlay"}',
    "/debug/goroutines": "goroutine 1 [semacquire]:\n",
  };
  const daemon: Server = createServer(({ url = "" }, response) => {
    response.statusCode = url in answers ? 200 : 404;
    response.end(answers[url] ?? "");
  });
  await new Promise<void>((resolve) => daemon.listen(socket, resolve));
  try {
    const { directory, manifest } = await report();
    expect(readFileSync(join(directory, "crio/goroutines.txt"), "utf8")).toBe(answers["/debug/goroutines"]);
    expect(manifest.missing.map(({ why }) => why)).toContain("CRI-O answered with the status 404");
  } finally {
    await new Promise((resolve) => daemon.close(resolve));
    rmSync(socket, { force: true });
  }
  rmSync(join(place, "unpacked"), { recursive: true, force: true });
  rmSync(join(node.world.scratch, "unpacked"), { recursive: true, force: true });
  const { directory, manifest } = await report("--max-size", "20k");
  expect(manifest.files.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(20 * 1024);
  const left = manifest.missing.find(({ source }) => source === "/proc/self/mountinfo");
  expect(left?.why).toMatch(/^left out: \d+ bytes/);
  expect(existsSync(join(directory, "state.json"))).toBe(true);
});
