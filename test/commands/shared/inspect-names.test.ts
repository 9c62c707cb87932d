import { UsageError } from "../../../src/shell/errors";
import { readInspectFormat } from "../../../src/commands/shared/inspect-names";
import type { Show } from "../../../src/commands/shared/show-each";
import type { ContainerData } from "../../../src/lib/operations/container-data";
import type { Inspected } from "../../../src/lib/operations/inspect";
import type { PodData } from "../../../src/lib/operations/pod-data";
import { failureOf } from "../../helpers/failure";

const data = {
  ID: "c0ffee",
  Name: "k8s_run",
  Labels: { app: "web", "with space": "<x>" },
  Annotations: {},
  State: {
    ociVersion: "1.0.2",
    id: "c0ffee",
    status: "running",
    pid: 7,
    annotations: { a: "b" },
    oomKilled: true,
  },
  Metadata: { name: "run", attempt: 2 },
  Image: "localhost/app:1",
  ImageID: "beef",
  Mountpoint: "/mnt",
  Mounts: [
    { destination: "/a", type: "bind", source: "/b", options: ["ro", "bind"] },
    { destination: "/c", type: "proc", source: "proc", options: [] },
  ],
  CreatedBy: "COPY",
  Config: { ExposedPorts: { "80/tcp": {} }, Env: ["A=1"], Volumes: {}, Labels: {} },
  GraphDriver: { Name: "overlay", Data: { LowerDir: "/l", UpperDir: "/u" } },
  IPs: ["10.0.0.1"],
  Pid: 7,
} as unknown as ContainerData;
const container: Inspected = { kind: "container", data };

async function show(format: string): Promise<Show<Inspected>> {
  const found = await readInspectFormat(format);
  if (found === "json") throw new Error(`${format} is json`);
  return found;
}

test.each([[undefined], ["json"], [" json "]])("%j is JSON", async (format) => {
  expect(await readInspectFormat(format)).toBe("json");
});

test.each<[string, string]>([
  ["{{.Name}} {{.ID}}", "k8s_run c0ffee"],
  [
    "{{.State.Status}} {{.State.status}} {{.State.Pid}} {{.State.OOMKilled}} {{.State.Version}}",
    "running running 7 true 1.0.2",
  ],
  ["{{.State.ID}} {{.State.Annotations.a}}", "c0ffee b"],
  [
    "{{.FromImage}} {{.Image}} {{.FromImageID}} {{.MountPoint}} {{.ImageCreatedBy}}",
    "localhost/app:1 localhost/app:1 beef /mnt COPY",
  ],
  ["{{.Metadata.Name}} {{.Metadata.Attempt}}", "run 2"],
  ['{{range .Mounts}}{{.Destination}}:{{.Source}} {{join .Options ","}};{{end}}', "/a:/b ro,bind;/c:proc ;"],
  ['{{.Labels.app}} {{index .Labels "with space"}} {{.Labels.none}}', "web <x> <no value>"],
  ["{{.SizeRw}} {{.SizeRootFs}} [{{.Config.User}}]", "0 0 []"],
  ["{{.Config.ExposedPorts}} {{.GraphDriver.Data.UpperDir}}", "map[80/tcp:{}] /u"],
  [
    "{{json .Metadata}} {{json .Mounts}}",
    '{"name":"run","attempt":2} [{"destination":"/a","type":"bind","source":"/b","options":["ro","bind"]},{"destination":"/c","type":"proc","source":"proc","options":[]}]',
  ],
  ["{{.Metadata}} {{len .Mounts}} {{.IPs}}", "{run 2} 2 [10.0.0.1]"],
])("%s", async (format, text) => {
  expect((await show(format))(container)).toBe(text);
});

test("json of all is the JSON without a format", async () => {
  expect(JSON.parse((await show("{{json .}}"))(container))).toEqual(data);
  expect((await show("{{json .}}"))(container)).toBe(JSON.stringify(data));
});

test("the fields of pods and images have both names too", async () => {
  const pod = {
    State: "Ready",
    Metadata: { name: "web", uid: "u1" },
    PortMappings: [{ hostPort: 1, hostIp: "::" }],
  };
  const inspected: Inspected = { kind: "pod", data: pod as unknown as PodData };
  const format =
    "{{.State}} {{.Metadata.Uid}} {{range .PortMappings}}{{.HostPort}} {{.HostIP}} {{.hostIp}}{{end}}";
  expect((await show(format))(inspected)).toBe("Ready u1 1 :: ::");
});

test.each([["{{.Name"], ["{{nosuch .Name}}"], ["{{if}}"], ["{{end}}"]])(
  "%s cannot be read, which is told before anything is looked at",
  async (format) => {
    await expect(readInspectFormat(format)).rejects.toThrow(UsageError);
    await expect(readInspectFormat(format)).rejects.toThrow(/--format: template: inspect:1: ./);
  },
);

test.each([
  ["{{.Nope}}", "container"],
  ["{{.State.Nope}}", "struct"],
  ["{{.constructor}}", "container"],
  ["{{.State.__proto__}}", "struct"],
])("%s names a field that there is not", async (format, type) => {
  const template = await show(format);
  const error = await failureOf(() => template(container));
  expect(error.code).toBe("BAD_ARGUMENT");
  expect(error.message).toMatch(new RegExp(`can't evaluate field \\w+ in type ${type}$`));
});
