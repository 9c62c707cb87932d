import { createServer } from "node:net";
import { join } from "node:path";
import { defaultConfig } from "../../../src/lib/config";
import { ContainerServer } from "../../../src/lib/container-server";
import { check } from "../../../src/lib/doctor/checks/crio-hung";
import { Facts } from "../../../src/lib/doctor/facts";
import { testdir } from "../../helpers/testdir";

test("a CRI-O that takes a connection and says nothing hangs; one that is not there does not", async () => {
  const directory = testdir({});
  const config = defaultConfig();
  config.root = join(directory, "root");
  config.runRoot = join(directory, "runroot");
  config.listen = join(directory, "crio.sock");
  const facts = new Facts(new ContainerServer(config), { live: true, quick: false });
  const unsure = (why: string): never => {
    throw new Error(why);
  };
  expect(await check.find(facts, unsure)).toEqual([]);
  const crio = createServer();
  const asked = new Promise((resolve) => {
    crio.once("connection", (socket) => socket.once("data", resolve));
  });
  await new Promise<void>((resolve) => crio.listen(config.listen, resolve));
  try {
    // Its five seconds pass at once.
    jest.useFakeTimers({ now: Date.now(), doNotFake: ["nextTick", "queueMicrotask", "setImmediate"] });
    const found = check.find(facts, unsure);
    await asked;
    jest.advanceTimersByTime(5_000);
    const [finding] = await found;
    expect(finding).toMatchObject({ severity: "breaks-now", object: { kind: "path", path: config.listen } });
    expect(finding?.evidence[0]?.says).toBe("took a connection, and said nothing in 5 s");
    expect(finding?.mend.commands.at(-1)).toBe("systemctl restart crio");
  } finally {
    jest.useRealTimers();
    crio.close();
  }
});
