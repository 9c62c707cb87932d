import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openPsOutput, type PsOutputFlags } from "../../../src/commands/ps/output";
import { openListing, type Listing } from "../../../src/commands/shared/listing";
import type { ContainerState } from "../../../src/lib/oci/state/container-state";
import { bufferTerminal, type BufferTerminal } from "../../helpers/buffer-terminal";
import { testServer, type TestServer } from "../../helpers/server";
import { storeTree, testId, type TestContainer, type TestPod } from "../../helpers/store-tree";
import { testdir } from "../../helpers/testdir";

export const shop: TestPod = {
  id: testId("shop", "aa"),
  name: "shop",
  namespace: "sales",
  uid: "u1",
  labels: { app: "shop" },
  annotations: {
    "io.kubernetes.cri-o.PortMappings": JSON.stringify([
      { Protocol: "TCP", ContainerPort: 80, HostPort: 8080, HostIP: "" },
      { Protocol: "UDP", ContainerPort: 53, HostPort: 0, HostIP: "" },
    ]),
  },
};
export const created = (second: number) => `2026-11-23T12:00:${String(second).padStart(2, "0")}Z`;
export const web: TestContainer = {
  id: testId("web", "c1"),
  pod: shop,
  name: "web",
  created: created(0),
  labels: { a: "1", b: "2" },
};
export const job: TestContainer = { id: testId("job", "c2"), pod: shop, name: "job", created: created(10) };
export const sick: TestContainer = {
  id: testId("sick", "c3"),
  pod: shop,
  name: "sick",
  created: created(20),
};
export const fresh: TestContainer = {
  id: testId("fresh", "c4"),
  pod: shop,
  name: "fresh",
  created: created(30),
};

export const blank: ContainerState = {
  ociVersion: "1.0.2",
  id: "",
  status: "unknown",
  pid: 0,
  bundle: "",
  annotations: {},
  oomKilled: false,
  error: "",
};
export const at = (second: number) => new Date(Date.parse(created(0)) + second * 1000);
export const now = at(120).getTime();

export const usual: PsOutputFlags = {
  quiet: false,
  noTrunc: false,
  format: undefined,
  watch: undefined,
  pod: false,
  size: false,
  namespace: false,
  noheading: false,
};

/** Four containers of a pod: one that runs, one that has ended, one whose spec is broken, one that is just created. */
export interface Listed {
  readonly directory: string;
  readonly node: TestServer;
  readonly source: Listing;
  /** What `ps` prints of them. */
  readonly printed: (flags: Partial<PsOutputFlags>, terminal?: BufferTerminal) => Promise<string>;
}

/** Makes {@link Listed}. */
export async function listed(): Promise<Listed> {
  const directory = testdir(storeTree([shop], [web, job, sick, fresh]));
  const userdata = (id: string) => join(directory, `root/overlay-containers/${id}/userdata/config.json`);
  const spec = {
    annotations: { "io.kubernetes.cri-o.Labels": '{"a":"1","b":"2"}' },
    process: { args: ["sh", "-c", "while true; do\nsleep 1; \x1b[2J done"], selinuxLabel: "u:r:t:s0:c1,c2" },
    linux: { mountLabel: "u:object_r:f:s0:c1,c2" },
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/data", type: "bind", source: "/srv/data", options: ["rbind", "ro"] },
      { destination: "/etc/hosts", type: "bind", source: "/run/hosts" },
    ],
  };
  writeFileSync(userdata(web.id), JSON.stringify(spec));
  writeFileSync(userdata(sick.id), "{ broken");
  const node = testServer(directory);
  await node.server.updateRecords();
  const states: Readonly<Record<string, Partial<ContainerState>>> = {
    web: { status: "running", pid: process.pid, started: at(60) },
    job: { status: "stopped", pid: 0, started: at(15), finished: at(45), exitCode: 3 },
    fresh: { status: "created", pid: process.pid },
  };
  for (const container of node.server.listContainers()) {
    const state = states[container.metadata.name];
    container.state = state === undefined ? undefined : { ...blank, ...state };
  }
  const source: Listing = { ...openListing(node.server, { logger: node.logger, noTrunc: false }), now };
  return {
    directory,
    node,
    source,
    async printed(flags, terminal = bufferTerminal()) {
      const output = await openPsOutput({ ...usual, ...flags }, terminal);
      return output.text({ ...source, noTrunc: flags.noTrunc ?? false }, node.server.listContainers());
    },
  };
}
