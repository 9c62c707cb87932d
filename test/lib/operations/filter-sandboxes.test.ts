import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ContainerState } from "../../../src/lib/oci/state/container-state";
import {
  parseSandboxFilters,
  sandboxFilter,
  type SandboxRead,
} from "../../../src/lib/operations/filter-sandboxes";
import { failureOf } from "../../helpers/failure";
import { testServer, type TestServer } from "../../helpers/server";
import { storeTree, testId, type TestPod } from "../../helpers/store-tree";
import { testdir } from "../../helpers/testdir";

const pods: readonly TestPod[] = [
  {
    id: testId("shop", "aa"),
    name: "shop",
    namespace: "sales",
    uid: "u1",
    labels: { app: "web", tier: "front" },
  },
  { id: testId("db", "bb"), name: "db", namespace: "data", uid: "u2", labels: { app: "db" } },
  { id: testId("sick", "cc"), name: "sick", namespace: "data", uid: "u3" },
];

let node: TestServer;
const untold: SandboxRead = (_, otherwise, read) => {
  try {
    return read();
  } catch {
    return otherwise;
  }
};

function fitting(...texts: string[]): string {
  return node.server
    .listSandboxes()
    .filter(sandboxFilter(parseSandboxFilters(texts), untold))
    .map(({ kubeName }) => kubeName)
    .sort()
    .join(" ");
}

beforeAll(async () => {
  const directory = testdir(storeTree(pods, []));
  writeFileSync(join(directory, `root/overlay-containers/${testId("sick", "cc")}/userdata/config.json`), "{");
  node = testServer(directory);
  await node.server.updateRecords();
  const running: ContainerState = {
    ociVersion: "1.0.2",
    id: "",
    status: "running",
    pid: 1,
    bundle: "",
    annotations: {},
    oomKilled: false,
    error: "",
  };
  for (const { infraContainer } of node.server.listSandboxes()) infraContainer.state = running;
  for (const name of ["db", "sick"])
    node.server.lookupSandbox(name).infraContainer.state = { ...running, status: "stopped" };
});

test.each([
  [[], "db shop sick"],
  [["name=sho"], "shop"],
  [["name=k8s_db_data"], "db"],
  [["name=s"], "shop sick"],
  [["name=s", "namespace=data"], "sick"],
  [["id=bb"], "db"],
  [["id=b", "id=a"], "db shop"],
  [["label=app"], "db shop"],
  [["label=app=web,label=tier"], "shop"],
  [["label!=app=web"], "db sick"],
  [["state=ready"], "shop"],
  [["state=Ready"], "shop"],
  [["state=NotReady"], "db sick"],
  [["state!=ready"], "db sick"],
  [["namespace=sales"], "shop"],
  [["namespace!=sales"], "db sick"],
  [["namespace=none"], ""],
])("%j", (texts, expected) => {
  expect(fitting(...texts)).toBe(expected);
});

test.each(["state=up", "status=ready", "label==x", "name="])("%s is refused", async (text) => {
  expect((await failureOf(() => parseSandboxFilters([text]))).code).toBe("BAD_ARGUMENT");
});
