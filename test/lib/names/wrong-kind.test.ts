import { openContainerFilter, parseContainerFilters } from "../../../src/lib/operations/filter-containers";
import { failureOf } from "../../helpers/failure";
import { testServer, type TestServer } from "../../helpers/server";
import { storeTree, testId, type TestPod } from "../../helpers/store-tree";
import { testdir } from "../../helpers/testdir";

const shop: TestPod = { id: testId("shop", "aa"), name: "shop", namespace: "sales", uid: "u1" };
const empty: TestPod = { id: testId("empty", "bb"), name: "empty", namespace: "sales", uid: "u2" };
const busy: TestPod = { id: testId("busy", "cc"), name: "busy", namespace: "sales", uid: "u3" };
const members = ["a", "b", "c", "d", "e", "f", "g"].map((name) => ({
  id: testId(name, "dd"),
  pod: busy,
  name,
}));
const web = { id: testId("web", "ee"), pod: shop, name: "web" };

let node: TestServer;

beforeAll(async () => {
  node = testServer(testdir(storeTree([shop, empty, busy], [web, ...members])));
  await node.server.updateRecords();
});

async function refusal(name: string, verb: string): Promise<string> {
  const { code, message, hint } = await failureOf(() => node.server.lookupContainer(name, verb));
  expect([code, hint]).toEqual(["BAD_ARGUMENT", expect.any(String)]);
  return `${message}: ${hint ?? ""}`;
}

test.each([
  ["inspect", "cannot inspect", "the infra container of pod shop: use kpod pod inspect"],
  ["kill", "cannot kill", "the infra container of pod shop: use kpod pod kill"],
  ["pause", "cannot pause", "the infra container of pod shop: use kpod pod pause"],
  ["rm", "cannot remove", "the infra container of pod shop: use kpod pod rm"],
  ["stop", "cannot stop", "the infra container of pod shop: use kpod pod stop"],
  ["unpause", "cannot unpause", "the infra container of pod shop: use kpod pod unpause"],
  ["stats", "cannot read the stats of container", "a pod: use kpod stats --pod"],
  // There are no such commands for pods.
  ["wait", "cannot wait for", "the infra container of pod shop: name a container of it: shop/web"],
  ["rename", "cannot rename", "the infra container of pod shop: name a container of it: shop/web"],
  ["logs", "cannot show the logs of container", "a pod: name a container of it: shop/web"],
])("%s of a pod says what it is, and what helps", async (verb, what, why) => {
  for (const name of [
    "shop",
    "sales/shop",
    shop.id,
    shop.id.slice(0, 6),
    "k8s_shop_sales_u1_0",
    "k8s_POD_shop_sales_u1_0",
  ])
    expect(await refusal(name, verb)).toBe(`${what} ${name}: it is ${why}`);
});

test("so does a filter that compares with one", async () => {
  const { server } = node;
  const filter = openContainerFilter(
    server,
    parseContainerFilters(["since=shop"]),
    (_, otherwise) => otherwise,
  );
  expect((await failureOf(filter)).message).toBe("cannot compare with shop: it is a pod");
});

test("a pod without containers has none to name, and of many some are named", async () => {
  expect(await refusal("empty", "logs")).toMatch(/: it has no containers$/);
  expect(await refusal("busy", "logs")).toMatch(
    /: name a container of it: (busy\/\w, ){4}busy\/\w and 2 more$/,
  );
});

test("what is neither is not found", async () => {
  const error = await failureOf(() => node.server.lookupContainer("nobody", "logs"));
  expect([error.code, error.message]).toEqual([
    "NOT_FOUND",
    "container with ID starting with nobody not found: ID does not exist",
  ]);
});

test.each([
  ["kill", "cannot kill pod", "use kpod kill"],
  ["rm", "cannot remove pod", "use kpod rm"],
  ["stop", "cannot stop pod", "use kpod stop"],
  ["run in", "cannot run in pod", "name its pod"],
])("%s of a container that is taken for a pod says what it is", async (verb, what, hint) => {
  for (const name of ["web", "shop/web", web.id, web.id.slice(0, 13), "k8s_web_shop_sales_u1_0"]) {
    const error = await failureOf(() => node.server.lookupSandbox(name, verb));
    expect([error.code, error.message, error.hint]).toEqual([
      "BAD_ARGUMENT",
      `${what} ${name}: it is a container`,
      hint,
    ]);
  }
  expect(node.server.lookupSandbox("shop", verb).id).toBe(shop.id);
});
