import { appArmorProfile } from "../../../src/lib/launch/confinement";
import { failureOf } from "../../helpers/failure";
import { testdir } from "../../helpers/testdir";

const profiles = "sys/kernel/security/apparmor/profiles";
const enabled = { "sys/module/apparmor/parameters/enabled": "Y\n" };
const loaded = { ...enabled, [profiles]: "crio-default (enforce)\nmine (complain)\nmine//sub (enforce)\n" };

test.each<[string, string, Record<string, string>, string | undefined]>([
  ["CRI-O's own", "crio-default", loaded, "crio-default"],
  ["none named", "", loaded, "crio-default"],
  ["one that is loaded", "mine", loaded, "mine"],
  ["unconfined", "unconfined", loaded, undefined],
  ["on a kernel without AppArmor", "crio-default", {}, undefined],
  ["where AppArmor is off", "crio-default", { "sys/module/apparmor/parameters/enabled": "N\n" }, undefined],
  // Then the runtime tells.
  ["where the list cannot be seen", "crio-default", enabled, "crio-default"],
])("%s", (_, configured, files, expected) => {
  expect(appArmorProfile(configured, { root: testdir(files) })).toBe(expected);
});

test.each([
  ["crio-default", "start CRI-O once"],
  ["min", "load it with apparmor_parser"],
  ["mine (complain)", "load it with apparmor_parser"],
])("the profile %s that is not loaded is told, and how to come by it", async (name, remedy) => {
  const files = { ...enabled, [profiles]: "mine (complain)\n" };
  const error = await failureOf(() => appArmorProfile(name, { root: testdir(files) }));
  expect([error.code, error.message]).toEqual(["BAD_CONFIG", `the AppArmor profile ${name} is not loaded`]);
  expect(error.hint).toContain(remedy);
});
