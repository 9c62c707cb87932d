import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { KpodError } from "../../../src/lib/errors";
import type { Container } from "../../../src/lib/oci/container";
import type { ContainerState } from "../../../src/lib/oci/state/container-state";
import {
  asksForState,
  openContainerFilter,
  parseContainerFilters,
} from "../../../src/lib/operations/filter-containers";
import { failureOf } from "../../helpers/failure";
import { testServer, type TestServer } from "../../helpers/server";
import { storeTree, testId, type TestContainer, type TestPod } from "../../helpers/store-tree";
import { testdir } from "../../helpers/testdir";

const shop: TestPod = { id: testId("shop", "aa11"), name: "shop", namespace: "sales", uid: "u1" };
const db: TestPod = { id: testId("db", "bb22"), name: "db", namespace: "data", uid: "u2" };
const containers: readonly TestContainer[] = [
  {
    id: testId("web", "c01"),
    pod: shop,
    name: "web",
    created: "2023-11-14T22:13:21Z",
    labels: { app: "web", tier: "front" },
  },
  {
    id: testId("log", "c02"),
    pod: shop,
    name: "log",
    created: "2023-11-14T22:13:22Z",
    labels: { app: "log" },
  },
  { id: testId("sql", "d03"), pod: db, name: "sql", created: "2023-11-14T22:13:23Z" },
  { id: testId("job", "d04"), pod: db, name: "job", created: "2023-11-14T22:13:24Z", labels: { app: "web" } },
  { id: testId("sick", "d05"), pod: db, name: "sick", created: "2023-11-14T22:13:25Z" },
];
const states: Readonly<Record<string, Partial<ContainerState> | undefined>> = {
  web: { status: "running" },
  log: { status: "paused" },
  sql: { status: "stopped", exitCode: 0 },
  job: { status: "stopped", exitCode: 3 },
  sick: undefined,
};
const blank: ContainerState = {
  ociVersion: "1.0.2",
  id: "",
  status: "unknown",
  pid: 0,
  bundle: "",
  annotations: {},
  oomKilled: false,
  error: "",
};

let test1: TestServer;
const unreadable: string[] = [];

function read<T>(container: Container, otherwise: T, readIt: () => T): T {
  try {
    return readIt();
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    unreadable.push(container.metadata.name);
    return otherwise;
  }
}

async function fitting(...texts: string[]): Promise<string> {
  const { server } = test1;
  const filter = await openContainerFilter(server, parseContainerFilters(texts), read);
  return server
    .listContainers(filter)
    .map(({ metadata }) => metadata.name)
    .join(" ");
}

function specPath(directory: string, id: string): string {
  return join(directory, `root/overlay-containers/${id}/userdata/config.json`);
}

beforeAll(async () => {
  const images = [
    {
      id: testId("busybox"),
      names: ["localhost/busybox:latest", "registry.example/team/tools:2"],
      layer: testId("layer"),
    },
  ];
  const directory = testdir({
    ...storeTree([shop, db], containers),
    "root/overlay-images/images.json": JSON.stringify(images),
  });
  writeFileSync(specPath(directory, testId("sick", "d05")), "{ broken");
  const mounts = [
    { destination: "/data", type: "bind", source: "/srv/data", options: ["rbind"] },
    { destination: "/proc", type: "proc", source: "proc" },
  ];
  const annotations = { "io.kubernetes.cri-o.Labels": "{}" };
  writeFileSync(specPath(directory, testId("sql", "d03")), JSON.stringify({ annotations, mounts }));
  test1 = testServer(directory);
  await test1.server.updateRecords();
  for (const container of test1.server.listContainers()) {
    const state = states[container.metadata.name];
    container.state = state === undefined ? undefined : { ...blank, ...state };
  }
});

test.each([
  ["no condition", [], "sick job sql log web"],
  ["id: the beginning", ["id=d0"], "sick job sql"],
  ["id: the whole", [`id=${testId("web", "c01")}`], "web"],
  ["id: nothing fits", ["id=zzz"], ""],
  ["name: a part", ["name=web_shop"], "web"],
  ["name: any of two", ["name=k8s_web", "name=k8s_job"], "job web"],
  ["label: a key", ["label=app"], "job log web"],
  ["label: a value", ["label=app=web"], "job web"],
  ["label: all of two", ["label=app=web,label=tier=front"], "web"],
  ["label: never two values", ["label=app=web,label=app=log"], ""],
  ["exited: a code", ["exited=3"], "job"],
  ["exited: any of two", ["exited=0,exited=3"], "job sql"],
  ["exited: not what runs", ["exited=1"], ""],
  ["status: running", ["status=running"], "web"],
  ["status: paused", ["status=paused"], "log"],
  ["status: stopped", ["status=stopped"], "job sql"],
  ["status: exited is stopped", ["status=exited"], "job sql"],
  ["status: created", ["status=created"], ""],
  ["status: unknown", ["status=unknown"], "sick"],
  ["status: any of two", ["status=running", "status=paused"], "log web"],
  ["ancestor: the name that was asked for", ["ancestor=busybox"], "sick job sql log web"],
  ["ancestor: another name of the image", ["ancestor=registry.example/team/tools:2"], "sick job sql log web"],
  [
    "ancestor: the beginning of the id",
    [`ancestor=${testId("busybox").slice(0, 12)}`],
    "sick job sql log web",
  ],
  ["ancestor: the id as docker writes it", [`ancestor=sha256:${testId("busybox")}`], "sick job sql log web"],
  ["ancestor: another image", ["ancestor=alpine"], ""],
  ["ancestor: another tag", ["ancestor=tools:1"], ""],
  ["before: older ones", ["before=sql"], "log web"],
  ["since: younger ones", ["since=sql"], "sick job"],
  ["before and since", ["since=web,before=job"], "sql log"],
  ["volume: the source", ["volume=/srv/data"], "sql"],
  ["volume: the destination, with a slash", ["volume=/data/"], "sql"],
  ["volume: not a part of a path", ["volume=/dat"], ""],
  ["pod: the name in Kubernetes", ["pod=shop"], "log web"],
  ["pod: with its namespace", ["pod=data/db"], "sick job sql"],
  ["pod: the beginning of the id", ["pod=aa11"], "log web"],
  ["pod: the full name", ["pod=k8s_db_data_u2_0"], "sick job sql"],
  ["pod: not a part of the name", ["pod=sho"], ""],
  ["namespace", ["namespace=sales"], "log web"],
  ["different keys: both", ["namespace=data", "label=app"], "job"],
  ["negated: name", ["name!=k8s_web"], "sick job sql log"],
  ["negated: two statuses", ["status!=running,status!=stopped"], "sick log"],
  ["negated: label", ["label!=app=web"], "sick sql log"],
  ["negated: exit code, those that run included", ["exited!=0"], "sick job log web"],
  ["negated: namespace with a status", ["namespace!=sales", "status=exited"], "job sql"],
])("%s", async (_, texts, expected) => {
  expect(await fitting(...texts)).toBe(expected);
});

test("what cannot be read of a container is told, and does not fit", async () => {
  unreadable.length = 0;
  await fitting("label=app");
  await fitting("volume=/data");
  expect(unreadable).toEqual(["sick", "sick"]);
});

test("specs are left alone where no condition asks for them", async () => {
  unreadable.length = 0;
  await fitting("name=sick", "status=unknown", "namespace=data", "ancestor=busybox", "before=sick");
  expect(unreadable).toEqual([]);
});

test.each([
  ["status=up", "its value must be creating, created, running, paused, stopped, exited or unknown"],
  ["exited=x", "its value must be an exit code"],
  ["exited=1.5", "its value must be an exit code"],
  ["label=app!=web", "its value must be KEY or KEY=VALUE; label!=KEY=VALUE negates"],
  ["label==web", "its value must be KEY or KEY=VALUE; label!=KEY=VALUE negates"],
  ["health=good", "unknown filter"],
])("%s is refused", async (text, message) => {
  const failure = await failureOf(() => parseContainerFilters([text]));
  expect(failure.code).toBe("BAD_ARGUMENT");
  expect(failure.message).toContain(message);
});

test.each(["before=nobody", "since=k8s_nobody"])("%s: there is no such container", async (text) => {
  const failure = await failureOf(openContainerFilter(test1.server, parseContainerFilters([text]), read));
  expect(failure.code).toBe("NOT_FOUND");
});

test.each([
  [["status=paused"], true],
  [["status!=running"], true],
  [["exited=0"], true],
  [["name=a", "label=b"], false],
])("%j asks for a state: %s", (texts, expected) => {
  expect(asksForState(parseContainerFilters(texts))).toBe(expected);
});
