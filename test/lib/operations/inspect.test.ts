import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect, type InspectType } from "../../../src/lib/operations/inspect";
import { failureOf } from "../../helpers/failure";
import { imageTree, type TestImage } from "../../helpers/image-tree";
import { listing } from "../../helpers/listing";
import { runtimeScript } from "../../helpers/runtime-script";
import { testServer, type TestServer } from "../../helpers/server";
import { storeTree, testId, type TestContainer, type TestPod } from "../../helpers/store-tree";
import { testdir } from "../../helpers/testdir";

const cri = (name: string): string => `io.kubernetes.cri-o.${name}`;
const web: TestPod = {
  id: testId("web", "aaa1"),
  name: "web",
  namespace: "shop",
  uid: "u1",
  attempt: 3,
  labels: { app: "web" },
  annotations: {
    [cri("Annotations")]: '{"owner":"b"}',
    [cri("Created")]: "2026-11-23T10:41:25.41173187Z",
    [cri("LogPath")]: "/var/log/pods/shop_web_u1/x.log",
    [cri("HostName")]: "web-host",
    [cri("HostnamePath")]: "/run/hostname",
    [cri("ResolvPath")]: "/run/resolv.conf",
    [cri("ShmPath")]: "/run/shm",
    [cri("CgroupParent")]: "/pods",
    [cri("PrivilegedRuntime")]: "true",
    [cri("RuntimeHandler")]: "runc",
    [cri("PortMappings")]: '[{"HostPort":18080,"ContainerPort":8080,"Protocol":"TCP","HostIP":""}]',
    [cri("CNIResult")]: '{"ips":[{"address":"10.1.2.3/16"}]}',
  },
};
const bare: TestPod = { id: testId("bare", "bbb1"), name: "bare", namespace: "shop", uid: "u2" };
const run: TestContainer = { id: testId("run", "aaa2"), pod: web, name: "run" };
const both: TestContainer = { id: testId("both", "ccc1"), pod: bare, name: "both" };
const app: TestImage = {
  id: testId("app", "ddd1"),
  names: ["localhost/app:latest", "docker.io/library/run:latest", "localhost/bare:latest"],
  layer: testId("base"),
};

async function fixture(
  fields: Parameters<typeof testServer>[1] = {},
): Promise<TestServer & { directory: string }> {
  const layers = [{ id: testId("base") }];
  const directory = testdir({ ...storeTree([web, bare], [run, both]), ...imageTree([app], layers) });
  const answers = [
    { id: web.id, status: "running", pid: 1 },
    { id: run.id, status: "paused", pid: 2 },
  ];
  const made = testServer(directory, { runtimes: runtimeScript(directory, answers), ...fields });
  await made.server.updateRecords();
  return { ...made, directory };
}

describe("a pod", () => {
  test("is shown whole, with the states of its containers now", async () => {
    const { server, logger, directory } = await fixture();
    const before = listing(directory);
    const { data } = await inspect(server, "web", { type: "pod" });
    const expected = {
      ID: web.id,
      Name: "k8s_web_shop_u1_3",
      KubeName: "web",
      Namespace: "shop",
      UID: "u1",
      Attempt: 3,
      State: "Ready",
      Created: "2026-11-23T10:41:25.41173187Z",
      Labels: { app: "web" },
      Annotations: { owner: "b" },
      Metadata: { name: "web", uid: "u1", namespace: "shop", attempt: 3 },
      IPs: ["10.1.2.3"],
      NetNsPath: "",
      LogDir: "/var/log/pods/shop_web_u1",
      ShmPath: "/run/shm",
      ResolvPath: "/run/resolv.conf",
      HostnamePath: "/run/hostname",
      Hostname: "web-host",
      CgroupParent: "/pods",
      Privileged: true,
      Trusted: true,
      RuntimeHandler: "runc",
      PortMappings: [{ hostPort: 18080, containerPort: 8080, protocol: "tcp", hostIp: "" }],
      Networks: [
        {
          ...{ Name: "", Interface: "eth0", MAC: "", IPs: ["10.1.2.3/16"], Gateways: [], Routes: [] },
          DNS: { Nameservers: [], Domain: "", Search: [], Options: [] },
        },
      ],
      IDMappings: { UidMap: [], GidMap: [] },
      InfraContainerID: web.id,
      Containers: [{ ID: run.id, Name: "k8s_run_web_shop_u1_0", State: "paused" }],
    };
    expect(JSON.stringify(data, undefined, 1)).toBe(JSON.stringify(expected, undefined, 1));
    expect(logger.warnings).toEqual([]);
    expect(listing(directory)).toEqual(before);
  });

  test.each(["root", "runroot"])(
    "whose network is taken down has no address any more, by a mark in its %s",
    async (place) => {
      const { server, directory } = await fixture();
      const persisted = join(directory, place, "overlay-containers", web.id, "userdata");
      mkdirSync(persisted, { recursive: true });
      writeFileSync(join(persisted, "network-stopped"), "");
      const { data: pod } = await inspect(server, "web", { type: "pod" });
      expect(pod).toMatchObject({ ID: web.id, IPs: [] });
      const { data: container } = await inspect(server, "run", { type: "container" });
      expect(container).toMatchObject({ ID: run.id, IPs: [] });
    },
  );

  test("without its spec has what is known without, with one warning", async () => {
    const { server, logger, directory } = await fixture();
    const path = join(directory, `root/overlay-containers/${bare.id}/userdata/config.json`);
    rmSync(path);
    await server.updateRecords();
    const { data } = await inspect(server, "shop/bare", { type: "pod" });
    expect(data).toMatchObject({
      ID: bare.id,
      State: "NotReady",
      Created: "2023-11-14T22:13:20.123Z",
      Labels: {},
      IPs: [],
      LogDir: join(directory, "logs", bare.id),
      PortMappings: [],
      Containers: [{ ID: both.id, State: "unknown" }],
    });
    expect(logger.warnings).toEqual([`pod ${bare.id.slice(0, 13)} (bare): ${path} is missing`]);
  });

  test.each<[string, Record<string, string>, "trusted" | "untrusted", boolean]>([
    ["the kubelet of 1.0 called trusted", { [cri("TrustedSandbox")]: "true" }, "untrusted", true],
    ["it called untrusted", { [cri("TrustedSandbox")]: "false" }, "trusted", false],
    ["nobody speaks of", {}, "untrusted", false],
    ["nobody speaks of, on a node that trusts", {}, "trusted", true],
  ])("that %s", async (_, annotations, defaultWorkloadTrust, trusted) => {
    const { server, directory } = await fixture({ defaultWorkloadTrust });
    const path = join(directory, `root/overlay-containers/${bare.id}/userdata/config.json`);
    writeFileSync(path, JSON.stringify({ annotations }));
    await server.updateRecords();
    const { data } = await inspect(server, bare.id, { type: "pod" });
    expect(data).toMatchObject({ Trusted: trusted });
  });
});

test.each<[string, InspectType, string, string]>([
  ["run", "all", "container", run.id],
  ["run", "container", "container", run.id],
  ["run", "image", "image", app.id],
  ["web", "all", "pod", web.id],
  ["shop/web", "all", "pod", web.id],
  ["bare", "all", "pod", bare.id],
  ["bare", "image", "image", app.id],
  ["localhost/app", "all", "image", app.id],
  ["ddd1", "all", "image", app.id],
  ["aaa2", "all", "container", run.id],
  ["aaa1", "all", "pod", web.id],
  // The prefix of a container's id goes before that of a pod's.
  ["aaa", "all", "container", run.id],
])("%s of type %s is the %s", async (name, type, kind, id) => {
  const { server } = await fixture();
  const inspected = await inspect(server, name, { type });
  expect([inspected.kind, inspected.data.ID]).toEqual([kind, id]);
});

test.each<[string, InspectType, string, string, string | undefined]>([
  [
    "nosuch",
    "all",
    "NOT_FOUND",
    "container with ID starting with nosuch not found: ID does not exist",
    "there is no pod and no image of that name either",
  ],
  [
    "nosuch",
    "container",
    "NOT_FOUND",
    "container with ID starting with nosuch not found: ID does not exist",
    undefined,
  ],
  ["nosuch", "pod", "NOT_FOUND", "pod with ID starting with nosuch not found: ID does not exist", undefined],
  ["run", "pod", "NOT_FOUND", "pod with ID starting with run not found: ID does not exist", undefined],
  [
    "web",
    "container",
    "BAD_ARGUMENT",
    "cannot inspect web: it is the infra container of pod web",
    "use kpod pod inspect",
  ],
])("%s of type %s is %s", async (name, type, code, message, hint) => {
  const { server } = await fixture();
  const error = await failureOf(inspect(server, name, { type }));
  expect([error.code, error.message, error.hint]).toEqual([code, message, hint]);
});

test("an ambiguous container is not hidden by an image of that name", async () => {
  const { server, directory } = await fixture();
  const file = join(directory, "root/overlay-containers/containers.json");
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replaceAll(both.id, testId("both", "aaa3")));
  await server.updateRecords();
  const images = join(directory, "root/overlay-images/images.json");
  writeFileSync(images, readFileSync(images, "utf8").replace("localhost/app:latest", "localhost/aaa:latest"));
  expect((await failureOf(inspect(server, "aaa", { type: "all" }))).code).toBe("AMBIGUOUS");
  expect((await inspect(server, "aaa", { type: "image" })).data.ID).toBe(app.id);
});

test("a container that cannot be measured is an error, and not an image of its name", async () => {
  const { server } = await fixture();
  const error = await failureOf(inspect(server, "run", { type: "all", size: true }));
  expect(error.message).toMatch(/^cannot measure .*: it does not exist$/);
});

test("where there is no store, nothing is found and nothing is made", async () => {
  const directory = testdir();
  const { server, logger } = testServer(directory);
  await server.updateRecords();
  expect((await failureOf(inspect(server, "x", { type: "all" }))).code).toBe("NOT_FOUND");
  expect(logger.warnings).toEqual([`the storage root ${directory}/root does not exist`]);
  expect(existsSync(join(directory, "root"))).toBe(false);
});
