import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ContainerServer } from "../../../src/lib/container-server";
import { failureOf } from "../../helpers/failure";
import { testServer } from "../../helpers/server";
import { storeTree, testId, type TestContainer, type TestPod } from "../../helpers/store-tree";
import { testdir } from "../../helpers/testdir";

const pods: Record<string, TestPod> = {
  web: { id: testId("web", "aaaa1"), name: "web", namespace: "shop", uid: "u1" },
  webToo: { id: testId("web too", "aaaa2"), name: "web", namespace: "test", uid: "u2" },
  db: { id: testId("db", "bbbb"), name: "db", namespace: "shop", uid: "u3" },
};
const [web, webToo, db] = Object.values(pods) as [TestPod, TestPod, TestPod];
const containers: Record<string, TestContainer> = {
  run: { id: testId("run", "cccc1"), pod: web, name: "run" },
  runToo: { id: testId("run too", "cccc2"), pod: webToo, name: "run" },
  sql: { id: testId("sql", "dddd"), pod: db, name: "sql" },
  // Names that look like ids, or are the name of a pod.
  hex: { id: testId("hex", "eeee"), pod: db, name: "cccc1" },
  short: { id: testId("short", "1111"), pod: db, name: "ccc" },
  ofPod: { id: testId("of pod", "2222"), pod: db, name: testId("web", "aaaa1").slice(0, 13) },
  namedWeb: { id: testId("named web", "ffff"), pod: db, name: "web" },
};
const idOf = (name: string): string => containers[name]?.id ?? pods[name]?.id ?? "";

let server: ContainerServer;

beforeAll(async () => {
  ({ server } = testServer(testdir(storeTree(Object.values(pods), Object.values(containers)))));
  await server.updateRecords();
});

test.each([
  ["its full name", "k8s_run_web_shop_u1_0", "run"],
  ["its id", idOf("sql"), "sql"],
  ["a prefix of its id", "dd", "sql"],
  ["its bare name", "sql", "sql"],
  ["its pod and name", "db/sql", "sql"],
  ["namespace, pod and name", "test/web/run", "runToo"],
  ["a name that is also a prefix of another's id, with its pod", "db/cccc1", "hex"],
  ["a word that is too short to be meant as an id", "ccc", "short"],
  ["a longer prefix of that id", testId("run", "cccc1").slice(0, 6), "run"],
  ["a name that is also a pod's", "web", "namedWeb"],
])("a container is found by %s", (_, wanted, name) => {
  expect(server.lookupContainer(wanted).id).toBe(idOf(name));
});

test.each([
  ["its full name", "k8s_db_shop_u3_0", "db"],
  ["its id", idOf("web"), "web"],
  ["a prefix of its id", "aaaa2", "webToo"],
  ["its bare name", "db", "db"],
  ["namespace and name", "shop/web", "web"],
])("a pod is found by %s", (_, wanted, name) => {
  expect(server.lookupSandbox(wanted).id).toBe(idOf(name));
});

test.each([
  ["a name", "run", ["run", "runToo"]],
  ["pod and name", "web/run", ["run", "runToo"]],
  ["a prefix", "cccc", ["run", "runToo"]],
  ["a name that is the beginning of another's id", "cccc1", ["hex", "run"]],
  ["a name that is the beginning of a pod's id", testId("web", "aaaa1").slice(0, 13), ["ofPod", "web"]],
])("%s of several containers is ambiguous, and all are named", async (_, wanted, names) => {
  const error = await failureOf(() => server.lookupContainer(wanted));
  expect(error.code).toBe("AMBIGUOUS");
  expect(error.message).toContain(`container ${wanted} is ambiguous, it can be`);
  for (const name of names) expect(error.message).toContain(idOf(name).slice(0, 13));
  expect(error.message.match(/ \(k8s_\w+\)/g)).toHaveLength(names.length);
  expect(error.message).not.toContain(idOf("sql").slice(0, 13));
});

describe("of several attempts of a container", () => {
  const attempt = (number: number, more: Partial<TestContainer> = {}): TestContainer => ({
    ...{
      id: testId(`sql ${number} ${more.pod?.uid ?? ""}`, `d${number}`),
      pod: db,
      name: "sql",
      attempt: number,
    },
    created: `2020-01-0${number + 1}T00:00:00Z`,
    ...more,
  });
  // The pod was made anew, and its containers are counted from 0.
  const again: TestPod = { ...db, id: testId("db again", "bbbc"), uid: "u9" };
  const later = attempt(0, { pod: again, created: "2020-02-01T00:00:00Z" });
  const elsewhere = attempt(0, { pod: web });
  const opened = async (...all: TestContainer[]): Promise<ContainerServer> => {
    const { server: made } = testServer(testdir(storeTree([web, db, again], all)));
    await made.updateRecords();
    return made;
  };

  test("the newest is meant by a name, or one by its number", async () => {
    const three = [attempt(1), attempt(2), attempt(0)];
    const { lists } = await opened(...three);
    expect(lists.lookupContainer("sql", "logs", { attempt: "newest" }).id).toBe(attempt(2).id);
    expect(lists.lookupContainer("shop/db/sql", "logs", { attempt: 0 }).id).toBe(attempt(0).id);
    expect(lists.lookupContainer(attempt(1).id, "logs", { attempt: "newest" }).id).toBe(attempt(1).id);
    // Who changes one has to say which.
    expect((await failureOf(() => lists.lookupContainer("sql", "rm"))).code).toBe("AMBIGUOUS");
    for (const name of ["sql", attempt(1).id]) {
      const { code, message, hint } = await failureOf(() =>
        lists.lookupContainer(name, "logs", { attempt: 7 }),
      );
      expect({ code, message, hint }).toEqual({
        code: "NOT_FOUND",
        message: `container ${name} has no attempt 7`,
        hint: "on this node there is 0, 1, 2",
      });
    }
  });

  test("one in a pod that was made anew is the newest; those of other pods are others", async () => {
    const { lists } = await opened(attempt(1), attempt(2), later, elsewhere);
    expect(lists.lookupContainer("db/sql", "logs", { attempt: "newest" }).id).toBe(later.id);
    expect((await failureOf(() => lists.lookupContainer("sql", "logs", { attempt: "newest" }))).code).toBe(
      "AMBIGUOUS",
    );
    expect(lists.lookupContainer("sql", "logs", { attempt: 2 }).id).toBe(attempt(2).id);
  });
});

test("so is a name of a pod that is the beginning of a container's id", async () => {
  const pod = { ...db, id: testId("pod", "3333"), name: idOf("sql").slice(0, 13), uid: "u4" };
  const other = testServer(testdir(storeTree([db, pod], Object.values(containers)))).server;
  await other.updateRecords();
  const error = await failureOf(() => other.lookupSandbox(pod.name));
  expect([error.code, error.message]).toEqual([
    "AMBIGUOUS",
    expect.stringContaining(
      `it can be ${pod.id.slice(0, 13)} (k8s_${pod.name}_shop_u4_0), ${pod.name} (k8s_sql`,
    ),
  ]);
  expect(other.lookupSandbox(`shop/${pod.name}`).id).toBe(pod.id);
});

test("a container of the store that has the beginning of another's id as its name is ambiguous", async () => {
  const directory = testdir(storeTree([db], []));
  const path = join(directory, "root/overlay-containers/containers.json");
  const [one, two] = [testId("one", "1234"), testId("two", "5678")];
  const record = (id: string, ...names: string[]): object => ({ id, names, metadata: "" });
  writeFileSync(path, JSON.stringify([record(one, "buildah-x"), record(two, "first", one.slice(0, 13))]));
  const { server: other } = testServer(directory);
  expect((await failureOf(other.getStorageContainer(one.slice(0, 13)))).code).toBe("AMBIGUOUS");
  expect((await other.getStorageContainer(one)).id).toBe(one);
  expect((await other.getStorageContainer("first")).id).toBe(two);
});

test.each(["web", "aaaa"])("%s of several pods is ambiguous", async (wanted) => {
  const error = await failureOf(() => server.lookupSandbox(wanted));
  expect(error.code).toBe("AMBIGUOUS");
  expect(error.message).toContain(idOf("webToo").slice(0, 13));
});

test.each([
  "nosuch",
  "",
  "/",
  "shop/db",
  "other/db/sql",
  "shop/db/sql/x",
  "DDDD",
  "k8s_run",
  idOf("web"),
  ".*",
])("no container is %j", async (wanted) => {
  const error = await failureOf(() => server.lookupContainer(wanted));
  expect([error.code, error.message]).toEqual([
    "NOT_FOUND",
    `container with ID starting with ${wanted} not found: ID does not exist`,
  ]);
});

test.each(["nosuch", "sql", "test/db", idOf("run"), "k8s_POD_db_shop_u3_0"])(
  "no pod is %j",
  async (wanted) => {
    const error = await failureOf(() => server.lookupSandbox(wanted));
    expect([error.code, error.message]).toEqual([
      "NOT_FOUND",
      `pod with ID starting with ${wanted} not found: ID does not exist`,
    ]);
  },
);

test("a request names a container by its id, whole or in part, and by nothing else", async () => {
  expect(server.getContainerFromRequest(idOf("sql")).id).toBe(idOf("sql"));
  expect(server.getContainerFromRequest("dddd").id).toBe(idOf("sql"));
  expect(server.getContainerFromRequest("cccc1").id).toBe(idOf("run"));
  const codes = async (id: string): Promise<string> =>
    (await failureOf(() => server.getContainerFromRequest(id))).code;
  expect(await Promise.all(["", "sql", "cccc", "k8s_run_web_shop_u1_0"].map(codes))).toEqual([
    "BAD_ARGUMENT",
    "NOT_FOUND",
    "AMBIGUOUS",
    "NOT_FOUND",
  ]);
});

test("filters pick containers; infra containers are in no list", () => {
  expect(server.listContainers()).toHaveLength(7);
  const inShop = server.listContainers(
    ({ sandboxId }) => server.getSandbox(sandboxId)?.namespace === "shop",
    ({ name }) => !name.includes("sql"),
  );
  expect(inShop.map(({ id }) => id).sort()).toEqual(
    ["run", "hex", "namedWeb", "short", "ofPod"].map(idOf).sort(),
  );
  expect([server.hasContainer(web.id), server.hasSandbox(web.id)]).toEqual([false, true]);
  expect(server.getInfraContainer(web.id)).toBe(server.getSandboxContainer(web.id));
  expect(server.getInfraContainer(web.id)?.infra).toBe(true);
});

test("names are reserved once, until they are released", async () => {
  server.reserveContainerName("x", "new");
  server.reserveContainerName("x", "new");
  expect((await failureOf(() => server.reserveContainerName("y", "new"))).code).toBe("CONFLICT");
  expect((await failureOf(() => server.reserveContainerName("y", "k8s_run_web_shop_u1_0"))).code).toBe(
    "CONFLICT",
  );
  server.releaseContainerName("new");
  server.reserveContainerName("y", "new");
  expect((await failureOf(() => server.reservePodName("y", "k8s_web_shop_u1_0"))).code).toBe("CONFLICT");
  server.reservePodName("y", "new");
  server.releasePodName("new");
  server.reservePodName("z", "new");
});
