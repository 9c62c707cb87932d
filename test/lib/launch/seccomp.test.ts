import { arch, release } from "node:os";
import { join } from "node:path";
import { readSeccompProfile } from "../../../src/lib/launch/seccomp";
import { failureOf } from "../../helpers/failure";
import { testdir } from "../../helpers/testdir";

interface Rule {
  names: string[];
  action: string;
  args?: unknown[];
  errnoRet?: number;
}
interface Profile {
  defaultAction: string;
  defaultErrnoRet?: number;
  architectures: string[];
  flags?: string[];
  syscalls: Rule[];
}

function convert(profile: unknown, capabilities: readonly string[] = []): Profile {
  const path = join(testdir({ "seccomp.json": JSON.stringify(profile) }), "seccomp.json");
  return readSeccompProfile(path, capabilities) as unknown as Profile;
}

/** The calls that are left of a profile whose rules each name one. */
function left(rules: readonly unknown[], capabilities: readonly string[] = []): string[] {
  const named = rules.map((rule, index) => ({
    names: [`call${index}`],
    action: "SCMP_ACT_ALLOW",
    ...(rule as object),
  }));
  return convert({ defaultAction: "SCMP_ACT_ERRNO", syscalls: named }, capabilities).syscalls.flatMap(
    ({ names }) => names,
  );
}

const machine = { x64: "amd64", arm64: "arm64" }[arch()] ?? arch();
const otherMachine = machine === "amd64" ? "arm64" : "amd64";
const [major = 0, minor = 0] = release().split(/[.-]/).map(Number);

test("rules hold for the capabilities that they are for", () => {
  const rules = [
    {},
    { includes: {}, excludes: {} },
    { includes: { caps: ["CAP_SYS_ADMIN"] } },
    { includes: { caps: ["CAP_SYS_ADMIN", "CAP_SYS_PTRACE"] } },
    { excludes: { caps: ["CAP_SYS_ADMIN"] } },
    { excludes: { caps: ["CAP_SYS_PTRACE", "CAP_SYS_ADMIN"] } },
  ];
  expect(left(rules)).toEqual(["call0", "call1", "call4", "call5"]);
  expect(left(rules, ["CAP_SYS_ADMIN"])).toEqual(["call0", "call1", "call2"]);
  expect(left(rules, ["CAP_SYS_ADMIN", "CAP_SYS_PTRACE"])).toEqual(["call0", "call1", "call2", "call3"]);
});

test("rules hold for the machines and kernels that they are for", () => {
  const rules = [
    { includes: { arches: [otherMachine, machine] } },
    { includes: { arches: [otherMachine] } },
    { excludes: { arches: [machine] } },
    { excludes: { arches: [otherMachine] } },
    { includes: { minKernel: `${major}.${minor}` } },
    { includes: { minKernel: `${major}.${minor + 1}` } },
    { includes: { minKernel: `${major + 1}.0` } },
    { includes: { minKernel: `${major - 1}.${minor + 1}` } },
    { includes: { arches: [machine], caps: ["CAP_BPF"] } },
  ];
  expect(left(rules)).toEqual(["call0", "call3", "call4", "call7"]);
});

test("a profile in the form of podman becomes one of the OCI spec", () => {
  const args = [{ index: 0, value: 1, valueTwo: 0, op: "SCMP_CMP_EQ" }];
  const profile = convert({
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: 38,
    defaultErrno: "ENOSYS",
    archMap: [
      { architecture: "SCMP_ARCH_S390X", subArchitectures: ["SCMP_ARCH_S390"] },
      { architecture: "SCMP_ARCH_X86_64", subArchitectures: ["SCMP_ARCH_X86", "SCMP_ARCH_X32"] },
      { architecture: "SCMP_ARCH_AARCH64", subArchitectures: ["SCMP_ARCH_ARM"] },
    ],
    syscalls: [
      {
        names: ["read", "write"],
        action: "SCMP_ACT_ALLOW",
        args: [],
        comment: "",
        includes: {},
        excludes: {},
      },
      { name: "personality", action: "SCMP_ACT_ALLOW", args },
      { names: ["bdflush"], action: "SCMP_ACT_ERRNO", args: null, errnoRet: 1, errno: "EPERM" },
    ],
  });
  expect(profile).toEqual({
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: 38,
    architectures: {
      x64: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
      arm64: ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
    }[arch()],
    syscalls: [
      { names: ["read", "write"], action: "SCMP_ACT_ALLOW" },
      { names: ["personality"], action: "SCMP_ACT_ALLOW", args },
      { names: ["bdflush"], action: "SCMP_ACT_ERRNO", errnoRet: 1 },
    ],
  });
});

test("a profile that is in the form of the OCI spec already stays", () => {
  const profile = {
    defaultAction: "SCMP_ACT_ALLOW",
    architectures: ["SCMP_ARCH_RISCV64"],
    flags: ["SECCOMP_FILTER_FLAG_LOG"],
    syscalls: [{ names: ["mount"], action: "SCMP_ACT_ERRNO" }],
  };
  expect(convert(profile)).toEqual(profile);
});

test.each([
  ["missing", {}, "is missing"],
  ["not JSON", { "seccomp.json": "{" }, "does not hold valid JSON"],
  ["a list", { "seccomp.json": "[]" }, "is not a seccomp profile"],
  ["without rules", { "seccomp.json": "{}" }, "is not a seccomp profile"],
])("a configured profile that is %s is told", async (_, files, cause) => {
  const path = join(testdir(files), "seccomp.json");
  const error = await failureOf(() => readSeccompProfile(path, []));
  expect(["BAD_CONFIG", "CORRUPT"]).toContain(error.code);
  expect(error.message).toContain(path);
  expect(error.message).toContain(cause);
});

const allow = { names: ["read"], action: "SCMP_ACT_ALLOW" };
const base = { defaultAction: "SCMP_ACT_ERRNO", syscalls: [allow] };

test("names of errors, listeners and all actions are taken over", () => {
  const actions = ["ALLOW", "ERRNO", "KILL", "KILL_PROCESS", "KILL_THREAD", "LOG", "NOTIFY", "TRACE", "TRAP"];
  const syscalls = actions.map((action) => ({ names: ["read"], action: `SCMP_ACT_${action}` }));
  const listener = { listenerPath: "/run/seccomp.sock", listenerMetadata: "x" };
  expect(
    convert({
      ...base,
      ...listener,
      defaultErrno: "ENOSYS",
      syscalls: [...syscalls, { names: ["ptrace"], action: "SCMP_ACT_ERRNO", errno: "EPERM" }],
    }),
  ).toEqual({
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: 38,
    ...listener,
    architectures: [],
    syscalls: [...syscalls, { names: ["ptrace"], action: "SCMP_ACT_ERRNO", errnoRet: 1 }],
  });
});

test.each<[string, object, string]>([
  ["an action", { defaultAction: "SCMP_ACT_PRAY" }, 'the action "SCMP_ACT_PRAY"'],
  ["the action of a rule", { syscalls: [{ names: ["read"], action: "allow" }] }, 'the action "allow"'],
  ["a rule without action", { syscalls: [{ names: ["read"] }] }, "the action undefined"],
  ["a rule", { syscalls: ["read"] }, "a rule that is none"],
  ["names", { syscalls: [{ ...allow, names: "read" }] }, "names that are no list"],
  ["name and names", { syscalls: [{ ...allow, name: "write" }] }, "both name and names"],
  ["a condition", { syscalls: [{ ...allow, includes: { moon: "full" } }] }, 'the condition "moon"'],
  ["capabilities", { syscalls: [{ ...allow, includes: { caps: "CAP_BPF" } }] }, "caps that are no list"],
  ["a condition that is none", { syscalls: [{ ...allow, excludes: "x" }] }, "condition is none"],
  ["an errno", { defaultErrno: "EWHAT" }, '"EWHAT", which there is not'],
  ["a number of an errno", { defaultErrnoRet: -1 }, "an errno -1"],
  ["a comparison", { syscalls: [{ ...allow, args: [{ index: 0, value: 1, op: "IS" }] }] }, "an argument"],
  [
    "a number that JavaScript does not hold",
    { syscalls: [{ ...allow, args: [{ index: 0, value: 2 ** 53, op: "SCMP_CMP_EQ" }] }] },
    "an argument",
  ],
  ["flags", { flags: ["a", 1] }, "flags that are no list"],
  [
    "two kinds of architectures",
    { architectures: ["SCMP_ARCH_X86_64"], archMap: [{ architecture: "SCMP_ARCH_X86_64" }] },
    "both architectures and an archMap",
  ],
])("a profile with %s that kpod does not understand is refused", async (_, change, cause) => {
  const error = await failureOf(() => convert({ ...base, ...change }));
  expect(error.code).toBe("BAD_CONFIG");
  expect(error.message).toContain(cause);
});

describe("without a profile that is named", () => {
  const profile = (call: string): string =>
    JSON.stringify({ defaultAction: "SCMP_ACT_ERRNO", syscalls: [{ ...allow, names: [call] }] });
  const tree = (...paths: string[]): string =>
    testdir({
      "proc/sys/kernel/seccomp/actions_avail": "kill errno allow\n",
      ...Object.fromEntries(paths.map((path) => [path, profile(path.split("/")[1] ?? "")])),
    });
  const chosen = (root: string, configured = ""): unknown =>
    (readSeccompProfile(configured, [], { root }) as unknown as Profile | undefined)?.syscalls[0]?.names;

  test("it is CRI-O's, else the administrator's, else the distribution's", () => {
    const places = [
      "etc/crio/seccomp.json",
      "etc/containers/seccomp.json",
      "usr/share/containers/seccomp.json",
    ];
    expect(chosen(tree(...places))).toEqual(["crio"]);
    expect(chosen(tree(...places.slice(1)))).toEqual(["containers"]);
    expect(chosen(tree(...places.slice(2)))).toEqual(["share"]);
    expect(chosen(tree(...places.slice(2)), "/etc/crio/seccomp.json")).toEqual(["share"]);
  });

  test("and none anywhere nothing is launched, unless that was asked for", async () => {
    const error = await failureOf(() => readSeccompProfile("", [], { root: tree() }));
    expect([error.code, error.message]).toEqual([
      "BAD_CONFIG",
      expect.stringContaining("no seccomp profile"),
    ]);
    expect(error.hint).toContain("install containers-common");
    expect(readSeccompProfile("unconfined", [], { root: tree() })).toBeUndefined();
  });

  test("a kernel without seccomp launches nothing either", async () => {
    const root = testdir({ "usr/share/containers/seccomp.json": profile("read") });
    const error = await failureOf(() => readSeccompProfile("", [], { root }));
    expect([error.code, error.message]).toEqual(["UNSUPPORTED", expect.stringContaining("seccomp")]);
    expect(readSeccompProfile("unconfined", [], { root })).toBeUndefined();
  });
});
