import { execFileSync, spawn } from "node:child_process";
import { closeSync, constants, copyFileSync, mkdirSync, openSync, readSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { searchMonitor } from "../../../src/lib/oci/conmon/find";
import { reopenLog } from "../../../src/lib/operations/reopen-log";
import { testServer } from "../../helpers/server";
import { storeTree, testId, type TestContainer, type TestPod } from "../../helpers/store-tree";
import { testdir } from "../../helpers/testdir";
import { until } from "../../helpers/until";

const shop: TestPod = { id: testId("shop", "aaa1"), name: "shop", namespace: "default", uid: "u1" };
const web: TestContainer = { id: testId("web", "aaa2"), pod: shop, name: "web" };

test("conmon is told in one line to open the log anew", async () => {
  const directory = testdir(storeTree([shop], [web]));
  const { server } = testServer(directory);
  await server.updateRecords();
  const container = server.lookupContainer(web.id);
  mkdirSync(container.bundlePath, { recursive: true });
  const fifo = join(container.bundlePath, "ctl");
  execFileSync("mkfifo", [fifo]);
  // Its spec names none.
  const log = join(server.config.logDir, shop.id, `${web.id}.log`);
  mkdirSync(dirname(log), { recursive: true });
  writeFileSync(log, "");
  const orders = Buffer.alloc(100);
  // As conmon holds it, and called as one is.
  const fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  const program = join(testdir(), "conmon");
  copyFileSync("/bin/sh", program);
  const words = ["-c", "read nothing", "conmon", "-c", web.id, "-b", container.bundlePath];
  const conmon = spawn(program, words, { stdio: ["pipe", "ignore", "ignore"] });
  writeFileSync(join(container.bundlePath, "conmon-pidfile"), String(conmon.pid));
  try {
    await until("it is called so", () => searchMonitor(container) !== undefined);
    await reopenLog(server, container);
    expect(orders.toString("latin1", 0, readSync(fd, orders))).toBe("2 0 0\n");
  } finally {
    closeSync(fd);
    conmon.kill("SIGKILL");
  }
});
