import { chmodSync, mkdirSync, rmdirSync, utimesSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type Server } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { cgroupMounts } from "../../../src/lib/cgroups/mounts";
import { watchedRestarts } from "../../../src/lib/cgroups/systemd-restarts";
import { defaultConfig } from "../../../src/lib/config";
import { ContainerServer } from "../../../src/lib/container-server";
import { check } from "../../../src/lib/doctor/checks/crio-hung";
import { Facts } from "../../../src/lib/doctor/facts";
import type { Found } from "../../../src/lib/doctor/finding";
import { silentLogger } from "../../../src/lib/logger";
import { withProgram } from "../../helpers/named-program";
import { testdir } from "../../helpers/testdir";

const unsure = (why: string): never => {
  throw new Error(why);
};

function factsOf(directory: string): Facts {
  const config = defaultConfig();
  config.root = join(directory, "root");
  config.runRoot = join(directory, "runroot");
  config.listen = join(directory, "crio.sock");
  const options = { live: true, quick: false, temporaryDirectories: [directory] };
  return new Facts(new ContainerServer(config), options);
}

/** What is found at a new look. */
async function foundIn(directory: string): Promise<readonly Found[]> {
  return check.find(factsOf(directory), unsure);
}

/** A server that says something for each path; 404 for all others. */
async function serving(
  where: string | number,
  answers: Readonly<Record<string, string | { readonly status: number; readonly text: string }>>,
  action: (server: Server) => Promise<void>,
): Promise<void> {
  const server = createHttpServer(({ url = "" }, response) => {
    const answer = answers[url] ?? { status: 404, text: "" };
    const { status, text } = typeof answer === "string" ? { status: 200, text: answer } : answer;
    response.writeHead(status).end(text);
  });
  await new Promise<void>((resolve) => {
    if (typeof where === "number") server.listen(where, "127.0.0.1", resolve);
    else server.listen(where, resolve);
  });
  try {
    await action(server);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

const id = "0123456789abcdef".repeat(4);

/** As the runtime of Go writes them. */
const stacks = `goroutine 1 [select, 4000 minutes]:
main.main.func2(0xc000134000)
	github.com/cri-o/cri-o/cmd/crio/main.go:300 +0x1a

goroutine 41 [sync.Mutex.Lock, 12 minutes]:
internal/sync.runtime_SemacquireMutex(0xc0001?, 0x0?, 0x1)
	runtime/sema.go:95 +0x25
sync.(*Mutex).Lock(...)
	sync/mutex.go:46
github.com/cri-o/cri-o/server.(*Server).StopPodSandbox(0xc0002, {0x1, 0x2})
	github.com/cri-o/cri-o/server/sandbox_stop.go:20 +0x99

goroutine 42 [semacquire, 31 minutes]:
sync.runtime_SemacquireMutex(0xc0001, 0x0, 0x1)
	runtime/sema.go:71 +0x25
sync.(*Mutex).lockSlow(0xc0001)
	sync/mutex.go:138 +0x105
github.com/cri-o/cri-o/server.(*Server).StopPodSandbox(0xc0002, {0x1, 0x2}) ${id}
	github.com/cri-o/cri-o/server/sandbox_stop.go:20 +0x99

goroutine 43 [semacquire, 90 minutes]:
sync.runtime_Semacquire(0xc0001)
	runtime/sema.go:56 +0x25
sync.(*WaitGroup).Wait(0xc0001)
	sync/waitgroup.go:130 +0x65
github.com/cri-o/cri-o/server.(*Server).serve(0xc0002)
	github.com/cri-o/cri-o/server/server.go:20 +0x99

goroutine 44 [sync.RWMutex.RLock, 2 minutes]:
sync.(*RWMutex).RLock(...)
	sync/rwmutex.go:74
github.com/cri-o/cri-o/server.(*Server).ListContainers(0xc0002)
	github.com/cri-o/cri-o/server/container_list.go:20 +0x99
`;

const locks =
  "2 goroutines wait for a lock in github.com/cri-o/cri-o/server.(*Server).StopPodSandbox, " +
  `for up to 31 minutes; named is ${id}`;

test("a CRI-O that takes a connection and says nothing hangs; one that is not there does not", async () => {
  const directory = testdir({});
  expect(await foundIn(directory)).toEqual([]);
  const crio = createServer();
  const asked = new Promise((resolve) => {
    crio.once("connection", (socket) => socket.once("data", resolve));
  });
  const listen = join(directory, "crio.sock");
  await new Promise<void>((resolve) => crio.listen(listen, resolve));
  // What it has written for USR1, after its start also by the clock of this test.
  const written = join(directory, "crio-goroutine-stacks-2026-01-02T030405Z.log");
  writeFileSync(written, stacks);
  const later = Date.now() / 1000 + 60;
  utimesSync(written, later, later);
  try {
    // Its five seconds pass at once.
    jest.useFakeTimers({ now: Date.now(), doNotFake: ["nextTick", "queueMicrotask", "setImmediate"] });
    const found = foundIn(directory);
    await asked;
    jest.advanceTimersByTime(5_000);
    const [finding] = await found;
    expect(finding).toMatchObject({ severity: "breaks-now", object: { kind: "path", path: listen } });
    expect(finding?.evidence[0]?.says).toBe("took a connection, and said nothing in 5 s");
    expect(finding?.evidence).toContainEqual({ file: written, says: locks });
    const time = new Date(later * 1000).toISOString().replace(/\.\d+/, "");
    expect(finding?.evidence).toContainEqual({ file: written, says: `was written at ${time}` });
    expect(finding?.mend.commands.at(-1)).toBe("systemctl restart crio");
  } finally {
    jest.useRealTimers();
    crio.close();
  }
});

test("a CRI-O that answers, and whose calls wait for a lock for minutes", async () => {
  const directory = testdir({});
  const listen = join(directory, "crio.sock");
  const info = JSON.stringify({ storage_root: join(directory, "root") });
  await serving(listen, { "/info": info, "/debug/goroutines": stacks }, async () => {
    expect(await foundIn(directory)).toMatchObject([
      {
        severity: "breaks-now",
        object: { kind: "path", path: listen },
        evidence: [{ file: `GET /debug/goroutines of ${listen}`, says: locks }],
        mend: { class: "N" },
      },
    ]);
  });
  // Who stops a container has its lock through its grace period; another lock is another matter.
  const waiting = `goroutine 50 [sync.RWMutex.Lock, 20 minutes]:
sync.(*RWMutex).Lock(0xc0003)
	sync/rwmutex.go:150
github.com/cri-o/cri-o/internal/oci.(*runtimeOCI).UpdateContainer(0xc0004, {0x1, 0x2})
	github.com/cri-o/cri-o/internal/oci/runtime_oci.go:20 +0x99
`;
  const stopping = (why: string): string => `goroutine 51 [${why}, 21 minutes]:
github.com/cri-o/cri-o/internal/oci.(*runtimeOCI).StopLoopForContainer(0xc0004, 0xc0003)
	github.com/cri-o/cri-o/internal/oci/runtime_oci.go:30 +0x99
`;
  for (const [text, places] of [
    [waiting, 1],
    [[waiting, stopping("select")].join("\n"), 0],
    [[waiting, stopping("sync.Mutex.Lock")].join("\n"), 2],
    [[waiting, stopping("select"), stacks].join("\n"), 1],
  ] as const) {
    await serving(listen, { "/info": info, "/debug/goroutines": text }, async () => {
      expect((await foundIn(directory))[0]?.evidence.length ?? 0).toBe(places);
    });
  }
  // One that waits for a moment, or of another store, or too old to tell, is none.
  const young = stacks.replaceAll(/, \d+ minutes\]/g, ", 4 minutes]");
  await serving(listen, { "/info": info, "/debug/goroutines": young }, async () => {
    expect(await foundIn(directory)).toEqual([]);
  });
  const other = JSON.stringify({ storage_root: "/elsewhere" });
  await serving(listen, { "/info": other, "/debug/goroutines": stacks }, async () => {
    expect(await foundIn(directory)).toEqual([]);
  });
  await serving(listen, { "/info": info }, async () => {
    expect(await foundIn(directory)).toEqual([]);
  });
});

test("a kubelet that says that it is not well", async () => {
  const directory = testdir({});
  const words = (port: number): string[] => [
    `--container-runtime-endpoint=unix://${join(directory, "crio.sock")}`,
    `--healthz-port=${port}`,
  ];
  const text = "[+]ping ok\n[-]syncloop failed: reason withheld\nhealthz check failed\n";
  const answers = { "/healthz": { status: 500, text } };
  let port = 0;
  await serving(0, answers, async (server) => {
    port = (server.address() as AddressInfo).port;
    await withProgram(directory, "kubelet", words(port), async (pid) => {
      const url = `http://127.0.0.1:${port}/healthz`;
      expect(await foundIn(directory)).toMatchObject([
        {
          severity: "breaks-now",
          object: { kind: "process", pid, name: "kubelet" },
          evidence: [{ file: url, says: "answers 500: [-]syncloop failed: reason withheld" }],
        },
      ]);
    });
    // Of the kubelet of another CRI-O nothing is asked, nor where it takes no questions.
    await withProgram(directory, "kubelet", [`--healthz-port=${port}`], async () => {
      expect(await foundIn(directory)).toEqual([]);
    });
    await withProgram(directory, "kubelet", words(0), async () => {
      expect(await foundIn(directory)).toEqual([]);
    });
    answers["/healthz"].status = 200;
    await withProgram(directory, "kubelet", words(port), async () => {
      expect(await foundIn(directory)).toEqual([]);
    });
  });
  // It is not there yet, or says nothing of itself.
  await withProgram(directory, "kubelet", words(port), async () => {
    expect(await foundIn(directory)).toEqual([]);
  });
});

test("services that systemd has started anew are told where it watches them", async () => {
  const directory = testdir({ systemctl: "" });
  const path = process.env.PATH;
  const unified = cgroupMounts().find(({ type }) => type === "cgroup2")?.target;
  if (unified === undefined) throw new Error("no hierarchy of cgroups of version 2 is mounted");
  const cgroup = join(unified, "kpod-test-watched.service");
  const says = (count: number, watchdog: string): void => {
    const text = `Id=kpod-test-watched.service\nNRestarts=${count}\nWatchdogUSec=${watchdog}`;
    // Where no systemd runs, this says what it would say.
    writeFileSync(join(directory, "systemctl"), `#!/bin/sh\necho '${text}'\n`);
    chmodSync(join(directory, "systemctl"), 0o755);
  };
  process.env.PATH = `${directory}:${path}`;
  mkdirSync(cgroup);
  try {
    const words = [`--container-runtime-endpoint=${join(directory, "crio.sock")}`, "--healthz-port=0"];
    await withProgram(directory, "kubelet", words, async (pid) => {
      writeFileSync(join(cgroup, "cgroup.procs"), String(pid));
      says(3, "30s");
      expect(await foundIn(directory)).toMatchObject([
        {
          severity: "informs",
          object: { kind: "process", pid, name: "kpod-test-watched.service" },
          evidence: [{ says: "was started anew by systemd 3 times; its watchdog waits for 30s" }],
        },
      ]);
      for (const [count, watchdog] of [
        [0, "30s"],
        [3, "0"],
      ] as const) {
        says(count, watchdog);
        expect(await foundIn(directory)).toEqual([]);
      }
      writeFileSync(join(directory, "systemctl"), "#!/bin/sh\necho 'no bus' >&2; exit 1\n");
      const untold: string[] = [];
      expect(await check.find(factsOf(directory), (why) => untold.push(why))).toEqual([]);
      expect(untold).toEqual(["systemctl does not tell what was started anew: no bus"]);
      // Where systemd hangs, so does it.
      writeFileSync(join(directory, "systemctl"), "#!/bin/sh\nexec sleep 1000\n");
      await expect(watchedRestarts(["kubelet.service"], silentLogger, 100)).rejects.toThrow(
        "systemctl does not tell what was started anew: it did not end in 0.1 s",
      );
    });
  } finally {
    process.env.PATH = path;
    rmdirSync(cgroup);
  }
});
