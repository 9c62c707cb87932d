import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { cniCacheDirectory } from "../../../src/lib/network/cache";
import { examinedBy } from "../../helpers/doctor";
import { ids, versionServer, versionWorld } from "../../helpers/version-worlds";

const words = ["net.config"];

test("a network that CRI-O takes, and whose plugins cannot be called", async () => {
  const directory = versionWorld("1.36");
  const [networkDir, plugins] = [join(directory, "net.d"), join(directory, "plugins")];
  for (const path of [networkDir, plugins]) mkdirSync(path);
  const { server } = versionServer(directory, { networkDir, pluginDirs: [plugins] });
  const file = join(networkDir, "50-good.conflist");
  const configured = (type: string, further: Readonly<Record<string, unknown>> = {}): void => {
    const list = { cniVersion: "1.0.0", name: "good", plugins: [{ type, ...further }] };
    writeFileSync(file, JSON.stringify(list));
  };
  const [program, own] = [join(plugins, "plugin"), { file, says: "is the network good, which CRI-O takes" }];
  const withProgram = (content: string | Buffer): void => {
    writeFileSync(program, content);
    chmodSync(program, 0o755);
  };
  configured("plugin");
  copyFileSync(process.execPath, program);
  expect(await examinedBy(server, words)).toEqual([]);
  withProgram("#!/bin/sh\n");
  expect(await examinedBy(server, words)).toEqual([]);

  const header = Buffer.alloc(64);
  header.write("\x7fELF\x02\x01\x01", "latin1");
  header.writeUInt16LE(process.arch === "s390x" ? 62 : 22, 18);
  const cases = [
    ["", /^is empty, and no program$/],
    ["a text that is long enough", /^is no program$/],
    [header, /^is a program for another machine \((?:s390x|x64)\), and not for /],
  ] as const;
  for (const [content, says] of cases) {
    withProgram(content);
    const found = await examinedBy(server, words);
    expect(found).toMatchObject([
      {
        severity: "breaks-now",
        object: { path: file, name: "good" },
        evidence: [{ file: program }, own],
        mend: { class: "N" },
      },
    ]);
    expect(found[0]?.evidence[0]?.says).toMatch(says);
  }

  // The plugin that gives addresses is called by the other one.
  withProgram("#!/bin/sh\n");
  configured("plugin", { ipam: { type: "addresses" } });
  expect(await examinedBy(server, words)).toMatchObject([
    { evidence: [{ file, says: `its plugin addresses is not in ${plugins}` }, own] },
  ]);

  // One that only calls a daemon.
  copyFileSync(program, join(plugins, "multus-shim"));
  configured("multus-shim", { daemonSocketDir: directory });
  const socket = join(directory, "multus.sock");
  const dead = { file: socket, says: "takes no connection: the daemon of multus-shim does not run" };
  expect(await examinedBy(server, words)).toMatchObject([{ evidence: [dead, own] }]);
  const daemon = createServer((_, response) => response.writeHead(404).end());
  await new Promise<void>((resolve) => daemon.listen(socket, resolve));
  try {
    expect(await examinedBy(server, words)).toEqual([]);
  } finally {
    await new Promise((resolve) => daemon.close(resolve));
  }
});

test("a network that comes before the one in which all pods are", async () => {
  const directory = versionWorld("1.36");
  const networkDir = join(directory, "net.d");
  mkdirSync(networkDir);
  const program = join(directory, "plugin");
  writeFileSync(program, "#!/bin/sh\n");
  chmodSync(program, 0o755);
  const write = (place: string, name: string): string => {
    const file = join(networkDir, place);
    const list = { cniVersion: "1.0.0", name, plugins: [{ type: "plugin" }] };
    writeFileSync(file, JSON.stringify(list));
    return file;
  };
  const used = write("50-kpod-test-used.conflist", "kpod-test-used");
  const settings = { networkDir, pluginDirs: [directory] };
  const { server } = versionServer(directory, settings);
  mkdirSync(cniCacheDirectory, { recursive: true });
  const cached = join(cniCacheDirectory, `kpod-test-used-${ids.infraPod}-eth0`);
  writeFileSync(cached, "{}");
  try {
    expect(await examinedBy(server, words)).toEqual([]);
    const stray = write("00-stray.conflist", "stray");
    expect(await examinedBy(server, words)).toMatchObject([
      {
        severity: "informs",
        object: { path: stray, name: "stray" },
        evidence: [
          { file: stray, says: "comes first, and is the network stray, in which no pod is" },
          { file: used, says: "is the network kpod-test-used of 1 pods" },
        ],
      },
    ]);
    const { server: named } = versionServer(directory, { ...settings, cniDefaultNetwork: "stray" });
    expect(await examinedBy(named, words)).toEqual([]);
  } finally {
    rmSync(cached, { force: true });
  }
});
