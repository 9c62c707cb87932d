import { parse } from "@iarna/toml";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isWithin } from "../../scripts/lib/machine.mjs";
import { crioConfig, nodeLayout, runtimeProgram, writeNodeConfig } from "../../scripts/lib/layout.mjs";
import { testdir } from "../helpers/testdir";

test("everything of a node lies below its directory", () => {
  const { cgroupParent, runtimeRoots, ...paths } = nodeLayout("/x/y", "/kpod-demo");
  expect(cgroupParent).toBe("/kpod-demo");
  for (const path of [...Object.values(paths), ...Object.values(runtimeRoots)]) {
    expect(isWithin(path, "/x/y")).toBe(true);
  }
});

test("crio.conf names all of it, with the handlers and what a test sets over it", () => {
  const layout = nodeLayout('/x/a "quoted" place', "/kpod-demo");
  const settings = {
    "crio.runtime": { pids_limit: 5, conmon_env: ["A=1"] },
    "crio.network": { network_dir: "/n" },
  };
  expect(parse(crioConfig(layout, "crun", settings))).toMatchObject({
    crio: {
      root: layout.root,
      runroot: layout.runRoot,
      storage_driver: "overlay",
      log_dir: layout.logDir,
      lock_path: layout.lockPath,
      internal_wipe: false,
      api: { listen: layout.socket },
      runtime: {
        default_runtime: "crun",
        cgroup_manager: "cgroupfs",
        container_exits_dir: layout.exitsDir,
        container_attach_socket_dir: layout.attachDir,
        namespaces_dir: layout.namespacesDir,
        pids_limit: 5,
        conmon_env: ["A=1"],
        runtimes: {
          runc: { runtime_path: runtimeProgram(layout, "runc"), runtime_root: layout.runtimeRoots.runc },
          crun: { runtime_path: runtimeProgram(layout, "crun"), runtime_root: layout.runtimeRoots.crun },
        },
      },
      image: { pause_image: "localhost/pause:latest", pause_command: "/pause" },
      network: { network_dir: "/n" },
    },
  });
});

test("a node's own program goes before the machine's", () => {
  const directory = testdir({ "bin/runc": { content: "#!/bin/sh\n", mode: 0o755 } });
  expect(runtimeProgram({ directory }, "runc")).toBe(join(directory, "bin/runc"));
  expect(runtimeProgram({ directory: "/nowhere" }, "runc")).toMatch(/\/s?bin\/runc$/);
});

test("writing the configuration makes nothing but its files", () => {
  const directory = join(testdir(), "new");
  const layout = nodeLayout(directory, "/kpod-demo");
  writeNodeConfig(layout, "runc");
  expect(parse(readFileSync(layout.storageConfig, "utf8"))).toMatchObject({
    storage: { graphroot: layout.root },
  });
  expect(existsSync(layout.config)).toBe(true);
  expect(existsSync(layout.root)).toBe(false);
});
