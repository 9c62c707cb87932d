import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findProgram } from "../../scripts/lib/layout.mjs";
import { KPOD } from "../helpers/kpod";
import { useNode } from "../helpers/node";
import { runProcess } from "../helpers/process";
import { startSshServer, type SshServer } from "../helpers/ssh-server";
import { testdir } from "../helpers/testdir";

const node = useNode();
const directory = testdir();
let server: SshServer;

beforeAll(async () => {
  const collections = join(directory, "collections/ansible_collections/kpod");
  mkdirSync(collections, { recursive: true });
  symlinkSync(join(__dirname, "../../contrib/ansible/kpod/node"), join(collections, "node"));
  const programs = `${dirname(findProgram("node") ?? process.execPath)}:/usr/sbin:/usr/bin:/sbin:/bin`;
  server = await startSshServer(programs);
});

afterAll(async () => {
  await server.stop();
});

const environment = {
  HOME: directory,
  ANSIBLE_LOCAL_TEMP: join(directory, "local"),
  ANSIBLE_REMOTE_TEMP: join(directory, "remote"),
  ANSIBLE_COLLECTIONS_PATHS: join(directory, "collections"),
  ANSIBLE_SSH_ARGS: "-o ControlMaster=no",
  // One connection a task, and not five.
  ANSIBLE_PIPELINING: "True",
  LC_ALL: "C.UTF-8",
};

interface Outcome {
  readonly changed: boolean;
  readonly failed?: boolean;
  readonly msg?: string;
  readonly diff?: { readonly before: string; readonly after: string };
  readonly [key: string]: unknown;
}

/** Has a host play tasks. @returns what each said, in their order */
async function play(
  host: "here" | "by-ssh",
  tasks: readonly object[],
  ...flags: string[]
): Promise<Outcome[]> {
  const connection = {
    here: { ansible_connection: "local" },
    "by-ssh": {
      ...{
        ansible_host: "127.0.0.1",
        ansible_port: server.port,
        ansible_ssh_executable: join(server.bin, "ssh"),
      },
    },
  };
  const inventory = join(directory, "inventory.json");
  const hosts = { [host]: { ...connection[host], ansible_python_interpreter: findProgram("python3") } };
  writeFileSync(inventory, JSON.stringify({ all: { hosts } }));
  const book = join(directory, "play.json");
  const outcomes = join(directory, "outcomes.json");
  const named = tasks.map((task, index) => ({ ...task, register: `task${index}`, ignore_errors: true }));
  const all = named.map(({ register }) => register).join(", ");
  const tell = {
    "ansible.builtin.copy": { dest: outcomes, content: `{{ [${all}] | to_json }}` },
    check_mode: false,
    no_log: true,
  };
  const module_defaults = {
    "group/kpod.node.node": { executable: KPOD, config: node.world.config },
  };
  const plays = [{ hosts: "all", gather_facts: false, module_defaults, tasks: [...named, tell] }];
  writeFileSync(book, JSON.stringify(plays));
  const options = { env: environment, timeout: 120_000 };
  rmSync(outcomes, { force: true });
  const { stdout, stderr } = await runProcess("ansible-playbook", ["-i", inventory, ...flags, book], options);
  if (!existsSync(outcomes)) throw new Error(`ansible-playbook: ${stdout}${stderr}`);
  return JSON.parse(readFileSync(outcomes, "utf8")) as Outcome[];
}

const web = { name: "web", image: "busybox", command: ["sleep", "1000"] };
const pod = (settings: object): object => ({ "kpod.node.kpod_pod": { name: "shop", ...settings } });

jest.setTimeout(300_000);

test("ansible-doc shows each module with all that it takes", async () => {
  const names = ["doctor", "info", "pod"].map((name) => `kpod.node.kpod_${name}`);
  const { stdout } = await runProcess("ansible-doc", ["--json", ...names], { env: environment });
  const pages = JSON.parse(stdout) as Record<string, { doc: { options: object }; examples: string }>;
  expect(Object.keys(pages).sort()).toEqual(names);
  for (const [name, { doc, examples }] of Object.entries(pages)) {
    expect(Object.keys(doc.options)).toEqual(expect.arrayContaining(["config", "executable"]));
    expect(examples).toContain(`${name}:`);
  }
});

test("a pod is launched, told, stopped and removed, once each", async () => {
  const flags = ["--network=none", `--cgroup-parent=${node.world.cgroupParent}`];
  const launch = pod({ containers: [web], flags });
  const [planned] = await play("here", [launch], "--check", "--diff");
  expect(planned).toMatchObject({ changed: true, diff: { before: "no pod default/shop\n" } });
  expect(planned?.diff?.after).toContain(
    "kpod run --detach --pod default/shop --name web busybox sleep 1000\n",
  );
  expect(await node.ok("pod", "ps", "-q")).toBe("");
  const info = { "kpod.node.kpod_info": { gather: ["pods", "containers", "images", "info"] } };
  const [stop, remove] = [pod({ state: "stopped" }), pod({ state: "absent" })];
  const tasks = [launch, launch, info, stop, stop, remove, remove];
  expect(await play("by-ssh", tasks, "--diff")).toMatchObject([
    {
      ...{ changed: true, pod: { state: "Ready" } },
      diff: { before: "no pod default/shop\n", after: "pod default/shop: Ready\ncontainer web runs\n" },
    },
    { changed: false },
    {
      changed: false,
      pods: [{ kubeName: "shop" }],
      containers: [{ ctrRunning: true, podName: "shop" }],
      images: [{}, {}],
      info: {},
    },
    ...[true, false, true, false].map((changed) => ({ changed })),
  ]);
  expect(await node.ok("pod", "ps", "-q")).toBe("");
});

test("the doctor tells, plans, mends and then finds nothing", async () => {
  const links = join(node.world.root, "overlay/l");
  renameSync(links, `${links}.away`);
  mkdirSync(links);
  const doctor = (more: object): object => ({
    "kpod.node.kpod_doctor": { checks: ["storage.link-lost"], min_age: "0s", ...more },
  });
  const asked = [doctor({}), doctor({ mend: true }), doctor({ fail_on: "leaks" })];
  const [told, planned, failing] = await play("here", asked, "--check", "--diff");
  expect(told).toMatchObject({ changed: false, sound: false });
  expect(planned).toMatchObject({ changed: true, sound: false });
  expect(planned?.diff?.before).toContain("storage.link-lost:");
  expect(failing).toMatchObject({
    ...{ failed: true, sound: false },
    msg: expect.stringContaining("storage.link-lost") as string,
  });
  const mend = doctor({ mend: true });
  expect(await play("here", [mend, mend, doctor({ checks: ["storage.no-such"] })])).toMatchObject([
    { changed: true, sound: true, findings: [] },
    { changed: false, sound: true },
    { failed: true, msg: expect.stringMatching(/^Error: .*storage\.no-such/) as string },
  ]);
});
