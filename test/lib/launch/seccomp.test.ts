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
  return readSeccompProfile(path, capabilities) as Profile;
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
