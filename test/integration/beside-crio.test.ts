import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import type { Container } from "../../src/lib/oci/container";
import type { Sandbox } from "../../src/lib/sandbox/sandbox";
import { contentsOf, useNode } from "../helpers/node";

const node = useNode();
let own: Sandbox;
let foreign: Sandbox;
const parent = (): string[] => ["--cgroup-parent", node.world.cgroupParent];

beforeAll(async () => {
  own = await node.pod("own");
  foreign = await node.pod("foreign");
  makeForeign(foreign.infraContainer);
}, 120_000);

/** Takes from a pod what tells that kpod made it: CRI-O sets no such mark, and pins namespaces by a name of its own. */
function makeForeign(infra: Container): void {
  for (const directory of [infra.dir, infra.bundlePath]) {
    const path = join(directory, "config.json");
    const spec = JSON.parse(readFileSync(path, "utf8")) as {
      annotations: Record<string, string>;
      linux: { namespaces: { type: string; path?: string }[] };
    };
    delete spec.annotations["kpod/created-by"];
    spec.linux.namespaces = spec.linux.namespaces.map((namespace) =>
      namespace.type === "ipc" ? { ...namespace, path: `/proc/self/ns/ipc` } : namespace,
    );
    writeFileSync(path, JSON.stringify(spec, undefined, "\t"));
  }
}

/** A CRI-O, as far as kpod sees it: somebody at its socket who tells of the store. */
async function withCrio<T>(work: () => Promise<T>): Promise<T> {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    asked.push(`${request.method ?? ""} ${request.url ?? ""}`);
    response.end(JSON.stringify({ storage_driver: "overlay", storage_root: node.world.root }));
  });
  await new Promise<void>((resolve) => server.listen(node.world.socket, resolve));
  try {
    return await work();
  } finally {
    await new Promise((resolve) => server.close(resolve));
    expect(asked).toContain("GET /info");
    // A launch asks for the version as well.
    expect(asked.filter((request) => !["GET /info", "GET /config"].includes(request))).toEqual([]);
  }
}

const later = "Warning: CRI-O runs, and will see what kpod launches only after its restart\n";

describe("while CRI-O answers", () => {
  test("run in a pod of its is refused, and says why and what else can be done", async () => {
    await withCrio(async () => {
      const before = contentsOf(node.world);
      expect(await node.refusal("run", "-d", "--pod", "foreign", "busybox", "true")).toBe(
        "pod foreign is CRI-O's, which runs and would never see the container: it would run on in a removed pod, and lose its record at CRI-O's next start: make a pod by kpod pod run, stop CRI-O first, or use --force",
      );
      expect(contentsOf(node.world)).toEqual(before);
      const id = await node.ok("run", "-d", "--force", "--pod", "foreign", "busybox", "sleep", "1000");
      await node.ok("rm", "-f", id.trim());
    });
  });

  test("a container of its is neither started nor restarted, which the kubelet does by a new attempt", async () => {
    const container = await node.create(foreign, "its", "sleep 1000");
    for (const directory of [container.dir, container.bundlePath]) {
      const path = join(directory, "config.json");
      writeFileSync(path, readFileSync(path, "utf8").replace("kpod/created-by", "made-by"));
    }
    await withCrio(async () => {
      for (const verb of ["start", "restart"]) {
        expect(await node.refusal(verb, "its")).toBe(
          `cannot ${verb} container its (${container.id.slice(0, 13)}): it is CRI-O's, which runs and would not see that, and the kubelet makes a new attempt by itself: leave it to them, stop CRI-O first, or use --force`,
        );
      }
      expect(await node.ok("start", "--force", "its")).toBe(`${container.id}\n`);
      await node.refusal("restart", "-t", "0", "its");
    });
    await node.ok("restart", "-t", "0", "its");
    await node.ok("rm", "-f", "its");
  });

  test("run and pod run elsewhere say once that it will see them later", async () => {
    await withCrio(async () => {
      for (const args of [
        ["run", "--rm", "--pod", "own", "busybox", "true"],
        ["run", "--rm", "--force", "--pod", "own", "busybox", "true"],
        ["run", "--rm", ...parent(), "busybox", "true"],
        ["pod", "run", "--name", "new", ...parent()],
      ]) {
        const { exitCode, stderr } = await node.kpod(...args);
        expect([args, exitCode, stderr]).toEqual([args, 0, later]);
      }
    });
    await node.ok("pod", "rm", "-f", "new");
  });

  test("a pod of an earlier kpod, which set no mark, is known by its namespaces", async () => {
    const { infraContainer } = await node.pod("early");
    for (const directory of [infraContainer.dir, infraContainer.bundlePath]) {
      const path = join(directory, "config.json");
      writeFileSync(path, readFileSync(path, "utf8").replace(/,\s*"kpod\/created-by": "kpod"/, ""));
      expect(readFileSync(path, "utf8")).not.toContain("created-by");
    }
    await withCrio(async () => {
      const args = ["run", "--rm", "--pod", "early", "busybox", "true"];
      expect(await node.kpod(...args)).toMatchObject({ exitCode: 0, stderr: later });
    });
    await node.ok("pod", "rm", "-f", "early");
  });
});

test("while it does not, containers go into its pods as before: it takes them over when it starts", async () => {
  await node.ok("run", "--rm", "--pod", "foreign", "busybox", "true");
  await node.ok("run", "--rm", "--pod", own.id, "busybox", "true");
});

test("what kpod makes bears its mark, and that of CRI-O", async () => {
  const made = await node.create(own, "marked", "true");
  for (const { dir } of [made, own.infraContainer]) {
    const { annotations } = JSON.parse(readFileSync(join(dir, "config.json"), "utf8")) as {
      annotations: Record<string, string>;
    };
    expect(annotations).toMatchObject({ "kpod/created-by": "kpod", "io.container.manager": "cri-o" });
  }
  await node.ok("rm", "marked");
});

test("--force without --pod is wrong usage", async () => {
  expect(await node.kpod("run", "--force", "busybox", "true")).toEqual({
    exitCode: 2,
    stdout: "",
    stderr: "Error: option --force needs --pod\nRun 'kpod run --help' for help.\n",
  });
});

describe("where the next start of CRI-O removes everything", () => {
  /** Runs kpod with a crio.conf that says so of these files. @returns what it said */
  async function saidWith(lines: string, ...args: string[]): Promise<string> {
    const config = join(node.world.scratch, "wipe.conf");
    const text = readFileSync(node.world.config, "utf8").replace("internal_wipe = false\n", lines);
    writeFileSync(config, text);
    const { exitCode, stderr } = await node.kpod("-c", config, ...args);
    expect({ args, exitCode, stderr }).toEqual({ args, exitCode: 0, stderr });
    return stderr;
  }

  const launches = (): string[][] => [
    ["run", "--rm", "--pod", "own", "busybox", "true"],
    ["run", "--rm", ...parent(), "busybox", "true"],
    ["pod", "run", "--name", "new", ...parent()],
  ];
  const wiped = "Warning: CRI-O will kill and remove all containers at its next start, those of kpod too";

  afterEach(async () => {
    await node.kpod("pod", "rm", "-f", "new");
  });

  test("a launch says so before it begins, once: after a reboot", async () => {
    for (const args of launches()) {
      expect(await saidWith("", ...args)).toBe(`${wiped}: ${node.world.versionFile} is missing\n`);
    }
  });

  test("and after an upgrade", async () => {
    const persist = join(node.world.scratch, "persist");
    for (const args of launches()) {
      expect(await saidWith(`version_file_persist = "${persist}"\n`, ...args)).toBe(
        `${wiped}, and the images: ${persist} is missing\n`,
      );
    }
  });

  test("but not where its files are there, nor does a look", async () => {
    expect(await saidWith("", "ps", "-a")).toBe("");
    writeFileSync(node.world.versionFile, '"1.36.3"');
    for (const args of launches()) expect(await saidWith("", ...args)).toBe("");
  });
});
