import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { secondDaemons } from "../../../src/lib/doctor/checks/config-conflict";
import { Facts } from "../../../src/lib/doctor/facts";
import type { Spec } from "../../../src/lib/oci/spec";
import { examinedBy } from "../../helpers/doctor";
import { withProgram } from "../../helpers/named-program";
import { ids, versionServer, versionWorld } from "../../helpers/version-worlds";

test("two cgroup managers, a kubelet of another one, and a second CRI-O", async () => {
  const directory = versionWorld("1.18");
  const listen = join(directory, "crio.sock");
  const { server } = versionServer(directory, { listen });
  const check = ["storage.config-conflict"];
  expect(await examinedBy(server, check)).toEqual([]);

  const specs = [ids.infraPod, ids.plainPod].map((id) =>
    join(directory, "root/overlay-containers", id, "userdata/config.json"),
  );
  const before = specs.map((path) => readFileSync(path, "utf8"));
  const paths = [`system.slice:crio:${ids.infraPod}`, `/crio/crio-${ids.plainPod}`];
  for (const [index, path] of specs.entries()) {
    const spec = JSON.parse(before[index] ?? "") as Spec;
    writeFileSync(path, JSON.stringify({ ...spec, linux: { cgroupsPath: paths[index] } }));
  }
  const [both, ...others] = await examinedBy(server, check);
  expect(others).toEqual([]);
  expect(both).toMatchObject({
    severity: "informs",
    evidence: [
      { file: specs[0], says: "names a scope of systemd" },
      { file: specs[1], says: "names a path of cgroupfs" },
    ],
  });
  for (const [index, path] of specs.entries()) writeFileSync(path, before[index] ?? "");

  const flags = [`--container-runtime-endpoint=unix://${listen}`, "--cgroup-driver", "systemd"];
  await withProgram(directory, "kubelet", flags, async (pid) => {
    expect(await examinedBy(server, check)).toMatchObject([
      {
        severity: "informs",
        object: { kind: "process", pid, name: "kubelet" },
        evidence: [{ file: `/proc/${pid}/cmdline`, says: "cgroupDriver is systemd" }, {}],
      },
    ]);
    const { server: elsewhere } = versionServer(directory, { listen: join(directory, "other.sock") });
    expect(await examinedBy(elsewhere, check)).toEqual([]);
  });

  const crio = createServer((_, response) => {
    response.end(JSON.stringify({ storage_root: server.config.root, cgroup_driver: "systemd" }));
  });
  await new Promise<void>((resolve) => crio.listen(listen, resolve));
  try {
    expect(await examinedBy(server, check)).toEqual([]);
    const { server: set } = versionServer(directory, { listen });
    set.config.set({ cgroupManager: "cgroupfs" }, "/etc/crio/crio.conf");
    expect(await examinedBy(set, check)).toMatchObject([
      { evidence: [{ file: listen }, { says: "cgroup_manager is cgroupfs" }] },
    ]);
    const name = "kpod-test-crio";
    const seconds = (): ReturnType<typeof secondDaemons> =>
      secondDaemons(new Facts(server, { live: true, quick: false }), name);
    await withProgram(directory, name, ["--root", server.config.root], (pid) => {
      expect(seconds()).toMatchObject([{ severity: "informs", object: { kind: "process", pid } }]);
      return Promise.resolve();
    });
    await withProgram(directory, name, ["--root", directory], () => {
      expect(seconds()).toEqual([]);
      return Promise.resolve();
    });
  } finally {
    await new Promise((resolve) => crio.close(resolve));
  }
});
