import { changedResources, type ResourceChanges } from "../../../src/lib/operations/update";
import type { SpecResources } from "../../../src/lib/oci/spec";
import { failureOf } from "../../helpers/failure";

test.each<[string, SpecResources, ResourceChanges, SpecResources]>([
  ["nothing", { pids: { limit: 3 } }, {}, {}],
  ["a limit of none before", {}, { memory: 100 }, { memory: { limit: 100 } }],
  [
    "no swap stays no swap",
    { memory: { limit: 50, swap: 50 } },
    { memory: 100 },
    { memory: { limit: 100, swap: 100 } },
  ],
  [
    "and is lifted with it",
    { memory: { limit: 50, swap: 50 } },
    { memory: -1 },
    { memory: { limit: -1, swap: -1 } },
  ],
  ["swap that is enough", { memory: { limit: 50, swap: 200 } }, { memory: 100 }, { memory: { limit: 100 } }],
  ["unlimited swap", { memory: { limit: 50, swap: -1 } }, { memory: -1 }, { memory: { limit: -1 } }],
  ["swap alone", { memory: { limit: 50, swap: 50 } }, { memorySwap: -1 }, { memory: { swap: -1 } }],
  [
    "the period of the spec",
    { cpu: { period: 50_000 } },
    { cpus: 1.5 },
    { cpu: { quota: 75_000, period: 50_000 } },
  ],
  ["no limit of processors", {}, { cpus: 0 }, { cpu: { quota: -1, period: 100_000 } }],
  ["no limit of processes, as docker says it", {}, { pidsLimit: 0 }, { pids: { limit: -1 } }],
])("%s", (_, present, changes, expected) => {
  expect(changedResources(present, changes)).toEqual(expected);
});

test.each<[SpecResources, ResourceChanges, string]>([
  [
    { memory: { limit: 50, swap: 70 } },
    { memory: 100 },
    "memory and swap together are limited to 70 bytes, which is less",
  ],
  [
    { memory: { limit: 50, swap: 70 } },
    { memory: -1 },
    "memory and swap together are limited to 70 bytes, which is less",
  ],
  [{}, { memory: 100, memorySwap: 99 }, "memory and swap together cannot be less than the memory"],
  [{}, { cpus: 0.001 }, "0.001 processors are too few"],
  [{}, { cpusetCpus: "0-" }, 'invalid list of processors "0-"'],
  [{}, { cpusetCpus: "" }, 'invalid list of processors ""'],
])("%j does not take %j", async (present, changes, message) => {
  const error = await failureOf(() => changedResources(present, changes));
  expect(error).toMatchObject({ code: "BAD_ARGUMENT", message });
});
