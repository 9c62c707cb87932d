import { forwardSignal } from "../../../src/lib/operations/forward-signal";
import type { Container } from "../../../src/lib/oci/container";
import { runtimeScript } from "../../helpers/runtime-script";
import { testServer, type TestServer } from "../../helpers/server";
import { storeTree, testId, type TestContainer, type TestPod } from "../../helpers/store-tree";
import { testdir } from "../../helpers/testdir";

const shop: TestPod = { id: testId("shop", "aaa1"), name: "shop", namespace: "default", uid: "u1" };
const web: TestContainer = { id: testId("web", "aaa2"), pod: shop, name: "web" };

/** A node whose runtime says this of the container, and fails to send signals. */
async function fixture(status: string): Promise<TestServer & { container: Container }> {
  const directory = testdir(storeTree([shop], [web]));
  const runtimes = runtimeScript(directory, [{ id: web.id, status, pid: status === "stopped" ? 0 : 1 }]);
  const made = testServer(directory, { runtimes });
  await made.server.updateRecords();
  return { ...made, container: made.server.lookupContainer(web.id) };
}

describe("a signal that the runtime cannot send", () => {
  test("is a warning that names the container and says why", async () => {
    const { server, logger, container } = await fixture("running");
    await forwardSignal(server, container, "SIGINT");
    expect(logger.warnings).toEqual([
      expect.stringMatching(
        new RegExp(
          `^SIGINT did not reach container ${web.id.slice(0, 13)} \\(${container.name}\\): .+not exist`,
        ),
      ),
    ]);
  });

  test("is nothing to speak of for a container that has just ended", async () => {
    const { server, logger, container } = await fixture("stopped");
    await forwardSignal(server, container, "SIGTERM");
    expect(logger.warnings).toEqual([]);
  });
});
