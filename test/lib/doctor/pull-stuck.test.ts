import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { Journal } from "../../../src/lib/doctor/mend/journal";
import { mendFinding } from "../../../src/lib/doctor/mend/mend";
import { isAlive } from "../../../src/lib/system/process";
import { examinedBy } from "../../helpers/doctor";
import { testdir } from "../../helpers/testdir";
import { until } from "../../helpers/until";
import { versionServer, versionWorld } from "../../helpers/version-worlds";

function blob(text: string): { digest: string; size: number } {
  return { digest: `sha256:${createHash("sha256").update(text).digest("hex")}`, size: text.length };
}

test("a skopeo that fetches from a registry which stops in the middle of a layer", async () => {
  const directory = versionWorld("1.36");
  const { server } = versionServer(directory, { kpodStateDir: join(directory, "state") });
  const words = ["image"];
  const config = JSON.stringify({
    architecture: "amd64",
    os: "linux",
    rootfs: { type: "layers", diff_ids: [] },
  });
  const type = "application/vnd.docker.distribution.manifest.v2+json";
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: type,
    config: { mediaType: "application/vnd.docker.container.image.v1+json", ...blob(config) },
    layers: [
      { mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip", ...blob("a layer"), size: 1_000 },
    ],
  });
  let stopped = false;
  const registry = createServer(({ url = "" }, response) => {
    if (url.includes("/manifests/")) response.setHeader("content-type", type).end(manifest);
    else if (url.endsWith(blob(config).digest)) response.end(config);
    else if (url.includes("/blobs/")) {
      response.setHeader("content-length", 1_000).write("the beginning");
      stopped = true;
    } else response.end();
  });
  await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
  const source = `docker://127.0.0.1:${(registry.address() as AddressInfo).port}/slow:1`;
  const target = `containers-storage:[vfs@${server.config.root}+${join(directory, "run")}]slow:1`;
  // Whoever called it has ended.
  const script = [
    '"$@" </dev/null >/dev/null 2>&1 & echo $!',
    "sh",
    "skopeo",
    "copy",
    "--src-tls-verify=false",
  ];
  // An image of the store is brought elsewhere for as long as it takes.
  const pushing = spawn("perl", ["-e", "sleep 1000", "copy", target, source], { stdio: "ignore" });
  const caller = spawn("sh", ["-c", ...script, source, target], {
    env: { ...process.env, TMPDIR: testdir({}) },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const pid = Number(await new Promise<Buffer>((resolve) => caller.stdout.once("data", resolve)));
  let written = "";
  try {
    await until("the registry has stopped", () => stopped);
    // It may be just about to go on.
    expect(await examinedBy(server, words, { minAgeMs: undefined })).toEqual([]);
    await until("it has opened its file", async () => {
      const [{ evidence } = { evidence: [] }] = await examinedBy(server, words);
      written = evidence.find(({ says }) => says.endsWith("has not grown"))?.file ?? "";
      return written !== "";
    });
    const [found, ...others] = await examinedBy(server, words);
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      id: "image.pull-stuck",
      severity: "breaks-now",
      object: { kind: "process", pid, name: source },
      mend: { class: "S", commands: [`skopeo inspect --raw ${source}`, `kill -KILL ${pid}`] },
    });
    const elsewhere = versionServer(versionWorld("1.36")).server;
    expect(await examinedBy(elsewhere, words)).toEqual([]);
    const journal = Journal.begin(server.config);
    try {
      const options = { live: true, quick: false, minAgeMs: 0 };
      await mendFinding(server, { id: "image.pull-stuck", finding: found?.finding ?? "" }, journal, options);
    } finally {
      journal.close();
    }
    await until("it has ended", () => !isAlive({ pid }));
    expect(await examinedBy(server, words)).toEqual([]);
  } finally {
    pushing.kill("SIGKILL");
    if (isAlive({ pid })) process.kill(pid, "SIGKILL");
    // Where old ones write, no variable says.
    if (written !== "") rmSync(dirname(written), { recursive: true, force: true });
    registry.closeAllConnections();
    await new Promise((resolve) => registry.close(resolve));
  }
});
