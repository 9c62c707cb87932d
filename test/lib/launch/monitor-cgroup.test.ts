import { crioDefaults, type CrioVersion } from "../../../src/lib/config";
import { defaultRuntimeHandler } from "../../../src/lib/config/runtime-handlers";
import { monitorSlice } from "../../../src/lib/launch/monitor-cgroup";

test.each<[string, CrioVersion, string | undefined, string, string]>([
  ["before 1.18 the pod's slice has it", [1, 17, 0], undefined, "", "pods.slice"],
  ["since 1.18 that of the system", [1, 18, 0], undefined, "", "system.slice"],
  ["and of today also", [1, 36, 3], undefined, "", "system.slice"],
  ["a slice of the handler", [1, 36, 3], undefined, "monitors.slice", "monitors.slice"],
  ["conmon_cgroup stands above it", [1, 36, 3], "old.slice", "monitors.slice", "old.slice"],
  ["the pod's where that is asked for", [1, 36, 3], "pod", "monitors.slice", "pods.slice"],
  ["the pod's where the handler asks for it", [1, 36, 3], undefined, "pod", "pods.slice"],
])("the slice of conmon: %s", (_, version, conmonCgroup, monitorCgroup, slice) => {
  const defaults = crioDefaults(version);
  const config = {
    conmonCgroup: conmonCgroup ?? defaults.conmonCgroup,
    crioDefaults: defaults,
    defaultRuntime: "crun",
    runtimes: { crun: { ...defaultRuntimeHandler(), monitorCgroup } },
  };
  expect(monitorSlice(config, "crun", "pods.slice")).toBe(slice);
});
