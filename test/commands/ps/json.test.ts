import { containerJson } from "../../../src/commands/ps/json";
import type { Listing } from "../../../src/commands/shared/listing";
import type { TestServer } from "../../helpers/server";
import { testId } from "../../helpers/store-tree";
import { web, job, listed, type Listed } from "./listed";

let node: TestServer;
let source: Listing;
let printed: Listed["printed"];

beforeAll(async () => {
  ({ node, source, printed } = await listed());
});

describe("JSON", () => {
  const keys = [
    ...["id", "image", "image_id", "command", "createdAt", "runningFor", "status", "ports", "size", "names"],
    ...["labels", "mounts", "ctrRunning", "podId", "podName", "podNamespace", "pid", "exitCode", "startedAt"],
    ...["finishedAt", "oomKilled", "portMappings"],
  ];
  const json = (word: string, namespaces = false) =>
    containerJson(source, node.server.lookupContainer(word), { namespaces });

  test("has the keys of kpod 1.0 and then newer ones", () => {
    for (const word of ["web", "job", "sick", "fresh"]) expect(Object.keys(json(word))).toEqual(keys);
    expect(json("job")).toMatchObject({
      id: job.id,
      image_id: testId("busybox"),
      status: "stopped",
      runningFor: 30_000_000_000,
      exitCode: 3,
      ctrRunning: false,
      pid: 0,
      startedAt: "2026-11-23T12:00:15.000Z",
      finishedAt: "2026-11-23T12:00:45.000Z",
      podName: "shop",
      ports: {},
      portMappings: [
        { hostPort: 8080, containerPort: 80 },
        { hostPort: 0, containerPort: 53 },
      ],
    });
    expect(json("web")).toMatchObject({
      runningFor: 60_000_000_000,
      exitCode: null,
      ctrRunning: true,
      size: 0,
    });
    expect(json("sick")).toMatchObject({ command: "", labels: {}, mounts: [], status: "unknown" });
    expect(json("fresh")).toMatchObject({ runningFor: 0, status: "created", pid: process.pid });
  });

  test("has namespaces where they are asked for", () => {
    expect(Object.keys(json("web", true)).slice(12, 15)).toEqual(["ctrRunning", "namespace", "podId"]);
    const namespaceKeys = ["pid", "cgroup", "ipc", "mnt", "net", "pidns", "user", "uts"];
    expect(Object.keys(json("web", true).namespace as object)).toEqual(namespaceKeys);
    expect(json("web", true)).toMatchObject({ namespace: { pid: String(process.pid) } });
    expect(json("job", true)).toMatchObject({ namespace: { pid: "", net: "", pidns: "" } });
  });

  test("has sizes where they are asked for", () => {
    const sizes = new Map([[web.id, { rw: 7, rootFs: 100 }]]);
    const sized = containerJson({ ...source, sizes }, node.server.lookupContainer("web"), {
      namespaces: false,
    });
    expect(sized).toMatchObject({ size: 100, sizeRw: 7 });
  });

  test("is indented by 4, and a line for each look while watching", async () => {
    const text = await printed({ format: "json" });
    expect(text.startsWith('[\n    {\n        "id": ')).toBe(true);
    const lines = await printed({ format: "json", watch: 2 });
    expect(lines.split("\n")).toHaveLength(2);
    expect(JSON.parse(lines)).toEqual(JSON.parse(text));
  });
});
