import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { createServer as createSocket } from "node:net";
import { join } from "node:path";
import { loadConfig, type Config } from "../../../src/lib/config/index";
import { findCrioVersion, readDaemonConfig } from "../../../src/lib/crio/find-version";
import { captured, data } from "../../helpers/captured-stores";
import { testdir, type Tree } from "../../helpers/testdir";

const path = process.env.PATH;

afterEach(() => {
  process.env.PATH = path;
});

/** A node whose version files are not there, with what else it has; its programs are those of PATH. */
function node(tree: Tree = {}): { config: Config; socket: string; directory: string } {
  const directory = testdir(tree);
  const socket = join(directory, "crio.sock");
  const text = `[crio]\nversion_file = "${directory}/none"\n[crio.api]\nlisten = "${socket}"\n`;
  const configFile = join(testdir({ "crio.conf": text }), "crio.conf");
  process.env.PATH = `${join(directory, "bin")}:${path ?? ""}`;
  return { config: loadConfig({ configFile, environment: {} }), socket, directory };
}

const program = (script: string): Tree => ({
  "bin/crio": { content: `#!/bin/sh\n${script}\n`, mode: 0o755 },
});

/** Answers on a socket for as long as a test needs it. */
async function served(socket: string, listener: RequestListener, test: () => Promise<void>): Promise<void> {
  const server = createServer(listener).listen(socket);
  await once(server, "listening");
  try {
    await test();
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const daemonConfig = `[crio]
  root = "/var/lib/containers/storage"
  internal_repair = true
  imagestore = ""
  clean_shutdown_file = "/x"
  [crio.api]
    listen = "/s"
  [crio.runtime]
    default_runtime = "crun"
    namespaces_dir = "/var/run"
    drop_infra_ctr = true
    cgroup_manager = "cgroupfs"
  [crio.image]
    oci_artifact_mount_support = true
`;

describe("what tells the version where the files do not", () => {
  test("the program", async () => {
    const { config, directory } = node(program("[ $* = --version ] && echo crio version 1.26.4"));
    expect(await findCrioVersion(config)).toEqual({
      known: true,
      version: [1, 26, 4],
      source: `${directory}/bin/crio --version`,
    });
    expect([config.defaultRuntime, config.crioDefaults.records]).toEqual(["runc", "volatile"]);
  });

  test("neither a program that fails nor one that hangs is waited for without end", async () => {
    for (const script of ["exit 1", "exec sleep 1000", "echo crio version none"]) {
      expect(await findCrioVersion(node(program(script)).config)).toMatchObject({ known: false });
    }
  });

  test("the daemon's configuration: its version and its values", async () => {
    const { config, socket } = node();
    const asked: (string | undefined)[] = [];
    const answer: RequestListener = ({ url }, response) => {
      asked.push(url);
      response.end(daemonConfig);
    };
    await served(socket, answer, async () => {
      expect(await findCrioVersion(config)).toEqual({
        known: true,
        version: [1, 36, 3],
        source: `/config of ${socket}`,
      });
    });
    expect(asked).toEqual(["/config"]);
    expect([config.defaultRuntime, config.cgroupManager, config.crioDefaults.runtimeRoot]).toEqual([
      "crun",
      "cgroupfs",
      "/run/crun",
    ]);
    expect(config.sources.get("cgroupManager")).toBe(`/config of ${socket}`);
  });

  test.each<[string, RequestListener]>([
    ["a daemon that does not answer", () => {}],
    ["one that has no such answer", (_, response) => response.writeHead(404).end("no")],
    ["one that says something else", (_, response) => response.end("hello = 1\n")],
    [
      "one that does not come to an end",
      (_, response) => {
        response.write(daemonConfig);
      },
    ],
    ["one that says too much", (_, response) => response.end("x".repeat(4 * 1024 * 1024))],
  ])("%s tells nothing", async (_, listener) => {
    const { config, socket } = node();
    await served(socket, listener, async () => {
      expect(await findCrioVersion(config)).toMatchObject({ known: false });
    });
  });

  test("nor does a socket that nobody listens on, or a file in its place", async () => {
    const { config, socket } = node();
    const dead = createSocket().listen(socket);
    await once(dead, "listening");
    dead.close();
    expect(await findCrioVersion(config)).toMatchObject({ known: false });
    expect(await findCrioVersion(node({ "crio.sock": "" }).config)).toMatchObject({ known: false });
  });
});

describe("the configuration that a daemon prints", () => {
  test.each([
    ["of 1.33 and later", daemonConfig, [1, 36, 3], true],
    [
      "of 1.29 to 1.32, between which the root has changed",
      daemonConfig.replace(/.*oci_art.*\n/, ""),
      [1, 32, 0],
      false,
    ],
    ["of 1.28", daemonConfig.replace(/.*(oci_art|imagestore).*\n/g, ""), [1, 28, 0], true],
    [
      "of before 1.18",
      daemonConfig.replace(/.*(oci_art|imagestore|internal|drop|clean|namespaces).*\n/g, ""),
      [1, 17, 0],
      true,
    ],
  ])("%s", (_, text, version, known) => {
    expect(readDaemonConfig(text)).toMatchObject({ version, known });
  });

  (data === "" ? test.skip : test).each<[string, readonly [number, number]]>([
    ["v1.26.4", [1, 26]],
    ["v1.36.3", [1, 36]],
  ])("the defaults as %s prints them", (name, [major, minor]) => {
    const said = readDaemonConfig(captured(name, "crio.conf.defaults"));
    expect(said?.known).toBe(true);
    const [gotMajor, gotMinor = 0] = said?.version ?? [];
    expect(gotMajor).toBe(major);
    // By its keys one cannot be told from the next ones, whose defaults are the same.
    expect(gotMinor).toBeGreaterThanOrEqual(minor);
    expect(gotMinor).toBeLessThanOrEqual(minor === 26 ? 27 : 36);
  });
});
